package workdir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// errLocked is why a lock was not taken: another process holds it.
var errLocked = errors.New("another process holds it")

// tryLock takes the lock of a file, which is made if need be. The kernel gives
// it back when the file is closed here and in every process that inherited it,
// in whichever way these end.
func tryLock(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("locking %s: %w", Short(path), err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", Short(path), err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil && inPlace(file, path) {
		return file, nil
	}
	_ = file.Close()
	if err == nil || errors.Is(err, syscall.EWOULDBLOCK) {
		err = errLocked
	}
	return nil, fmt.Errorf("locking %s: %w", Short(path), err)
}

// inPlace reports whether an open file is still the one at the path: the process
// that held its lock may have removed it since, with its directory.
func inPlace(file *os.File, path string) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// WaitLock waits for a file's lock; closing the file gives it back. waiting, if
// set, is called once with what the holder wrote there.
func WaitLock(ctx context.Context, path string, waiting func(holder string)) (*os.File, error) {
	for said := false; ; said = true {
		file, err := tryLock(path)
		if err == nil || !errors.Is(err, errLocked) {
			return file, err
		}
		if !said && waiting != nil {
			holder, _ := os.ReadFile(path)
			waiting(strings.TrimSpace(string(holder)))
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s: %w", Short(path), context.Cause(ctx))
		case <-time.After(lockPause):
		}
	}
}

// lockPause is between two looks at a lock.
const lockPause = 100 * time.Millisecond
