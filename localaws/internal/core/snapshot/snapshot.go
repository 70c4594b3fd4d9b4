// Package snapshot keeps the state of all services in one file, so that a
// localaws that was killed comes back as it was.
package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// version is the file's format; a file of another is refused, as half of a
// state is worse than none.
const version = 1

// file is what is written.
type file struct {
	Version  int
	Region   string
	Services map[string]json.RawMessage
}

// Keeper writes the snapshot whenever something changed.
type Keeper struct {
	account  *core.Account
	path     string
	services []core.Persistent

	wake    chan struct{}
	mu      sync.Mutex
	wanted  uint64 // changes so far that somebody waits for
	written uint64 // of these, how many are in the file
	done    chan struct{}
	failed  error
}

// New returns a Keeper for the file at path.
func New(a *core.Account, path string, services []core.Persistent) *Keeper {
	return &Keeper{
		account: a, path: path, services: services,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Peek reads one service's state out of the file at path, before the services
// are made. found is false where there is no file or no such state.
func Peek(path, service string) (state json.RawMessage, found bool, err error) {
	f, found, err := read(path)
	if err != nil || !found {
		return nil, false, err
	}
	state, found = f.Services[service]
	return state, found, nil
}

func read(path string) (f file, found bool, err error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, false, nil
	}
	if err != nil {
		return file{}, false, fmt.Errorf("reading the snapshot: %w", err)
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return file{}, false, fmt.Errorf("the snapshot %s is damaged (%w): remove its directory to begin anew", path, err)
	}
	return f, true, nil
}

// Restore gives every service the state that the file holds for it, after
// translate (nil: none) has changed it. restored is false where there is no
// file.
func (k *Keeper) Restore(translate func(state []byte) []byte) (restored bool, err error) {
	f, found, err := read(k.path)
	if err != nil || !found {
		return false, err
	}
	if f.Version != version || f.Region != k.account.Region {
		return false, fmt.Errorf("the snapshot %s is of version %d and region %s, this localaws is of %d and %s: remove its directory to begin anew",
			k.path, f.Version, f.Region, version, k.account.Region)
	}
	k.account.Do(func() {
		for _, service := range k.services {
			state, ok := f.Services[service.Name()]
			if !ok {
				continue
			}
			if translate != nil {
				state = translate(state)
			}
			if restoreErr := service.Restore(state); restoreErr != nil {
				err = errors.Join(err, fmt.Errorf("restoring %s from %s: %w", service.Name(), k.path, restoreErr))
			}
		}
	})
	return true, err
}

// Run writes the file after every change until ctx is done, and once more then.
func (k *Keeper) Run(ctx context.Context) {
	changes, stop := k.account.Watch()
	defer stop()
	for {
		select {
		case <-ctx.Done():
			k.write()
			return
		case <-changes:
		case <-k.wake:
		}
		k.write()
	}
}

// Sync returns once everything that changed before the call is in the file:
// what a client was told is never lost. It returns the error of the write.
func (k *Keeper) Sync(ctx context.Context) error {
	k.mu.Lock()
	k.wanted++
	mine := k.wanted
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
	for {
		k.mu.Lock()
		written, done, failed := k.written, k.done, k.failed
		k.mu.Unlock()
		if written >= mine {
			return failed
		}
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// write writes the state of this moment, and tells who waited for it.
func (k *Keeper) write() {
	k.mu.Lock()
	upTo := k.wanted
	k.mu.Unlock()

	err := k.writeFile()
	if err != nil {
		k.account.Log.Error("the snapshot could not be written", "error", err)
	}

	k.mu.Lock()
	defer k.mu.Unlock()
	k.written, k.failed = upTo, err
	close(k.done)
	k.done = make(chan struct{})
}

func (k *Keeper) writeFile() error {
	f := file{Version: version, Region: k.account.Region, Services: map[string]json.RawMessage{}}
	var err error
	k.account.Do(func() {
		for _, service := range k.services {
			state, marshalErr := json.Marshal(service.Snapshot())
			if marshalErr != nil {
				err = errors.Join(err, fmt.Errorf("encoding the state of %s: %w", service.Name(), marshalErr))
				continue
			}
			f.Services[service.Name()] = state
		}
	})
	if err != nil {
		return err
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	return replace(k.path, raw)
}

// replace puts a new file in the old one's place: a reader, or a crash, finds
// one of the two, whole.
func replace(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the snapshot's directory: %w", err)
	}
	part := path + ".part"
	if err := os.WriteFile(part, content, 0o600); err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("putting the snapshot in its place: %w", err)
	}
	return nil
}
