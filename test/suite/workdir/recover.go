package workdir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
)

// A run may be killed at any moment, and Terraform as well. What each leaves in
// a deployment's directory is put right here, before anything is done there.

// recover ends what a killed run's Terraform still does, and takes up states
// that were saved beside their place.
func (w *Dir) recover(ctx context.Context, note func(string)) error {
	turns, err := filepath.Glob(w.path("*", "*", turnFile))
	if err != nil {
		return fmt.Errorf("looking for deployments in %s: %w", Short(w.Path), err)
	}
	for _, path := range turns {
		if err := endOrphan(ctx, path, note); err != nil {
			return err
		}
	}
	errored, err := filepath.Glob(w.path("*", "*", "configuration", "test_data", "*", ErroredFile))
	if err != nil {
		return fmt.Errorf("looking for states in %s: %w", Short(w.Path), err)
	}
	for _, path := range errored {
		if err := adoptErrored(path, note); err != nil {
			return err
		}
	}
	return nil
}

// endOrphan waits for a Terraform whose run is gone, after telling it to end in
// good order. When only its providers are left they are killed.
func endOrphan(ctx context.Context, path string, note func(string)) error {
	lock, err := WaitLock(ctx, path, func(holder string) {
		lines := strings.Fields(holder)
		if len(lines) == 0 {
			note(Short(filepath.Dir(path)) + ": the Terraform of a killed run still works there: waiting for it to end")
			return
		}
		note(fmt.Sprintf("%s: the Terraform of a killed run still works there (process %s): asking it to save its state and end", Short(filepath.Dir(path)), lines[0]))
		pid, err := strconv.Atoi(lines[0])
		if err != nil || pid <= 1 {
			return
		}
		if len(lines) > 1 && syscall.Kill(pid, 0) == nil {
			return // it knows; a second interrupt would make it end without its state
		}
		if errors.Is(syscall.Kill(pid, syscall.SIGINT), syscall.ESRCH) {
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			return
		}
		if file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0); err == nil {
			_, _ = fmt.Fprintln(file, tfcli.HeldInterrupted)
			_ = file.Close()
		}
	})
	if err != nil {
		return fmt.Errorf("waiting for the Terraform of a killed run: %w", err)
	}
	return lock.Close()
}

// adoptErrored puts the state in its place that Terraform could not write
// there, unless a later one is there.
func adoptErrored(path string, note func(string)) error {
	place := filepath.Join(filepath.Dir(path), StateFile)
	saved, whole := stateSerial(path)
	if !whole {
		note(Short(path) + " is damaged: it is left alone")
		return nil
	}
	if there, whole := stateSerial(place); whole && there > saved {
		return nil
	}
	note(fmt.Sprintf("Terraform had to save its state as %s: it is taken up", Short(path)))
	if err := os.Rename(path, place); err != nil {
		return fmt.Errorf("taking up a state: %w", err)
	}
	return nil
}

// Unsure lists the deployments whose states may lack what Terraform made last,
// because it was killed, or because an interrupt cut a request.
func (w *Dir) Unsure() (killed, cut []string, err error) {
	records, err := filepath.Glob(w.path("*", "*", recordFile))
	if err != nil {
		return nil, nil, fmt.Errorf("looking for deployments in %s: %w", Short(w.Path), err)
	}
	for _, path := range records {
		dir := filepath.Dir(path)
		record, err := ReadRecord(dir)
		if err != nil && !errors.Is(err, ErrDamaged) {
			return nil, nil, err
		}
		if _, err := Resources(dir); record.Killed || errors.Is(err, ErrDamaged) {
			killed = append(killed, Short(dir))
		} else if record.Cut {
			cut = append(cut, Short(dir))
		}
	}
	return killed, cut, nil
}
