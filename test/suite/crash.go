package suite

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
const (
	turnFile    = "terraform.lock" // locked, also by Terraform itself, while Terraform runs
	stateFile   = "terraform.tfstate"
	erroredFile = "errored.tfstate" // written by Terraform when it can't write its state
)

// recover ends what a killed run's Terraform still does, and takes up states
// that were saved beside their place.
func (w *Workspace) recover(ctx context.Context, note func(string)) error {
	turns, err := filepath.Glob(w.path("*", "*", turnFile))
	if err != nil {
		return fmt.Errorf("looking for deployments in %s: %w", short(w.Dir), err)
	}
	for _, path := range turns {
		if err := endOrphan(ctx, path, note); err != nil {
			return err
		}
	}
	errored, err := filepath.Glob(w.path("*", "*", "configuration", "test_data", "*", erroredFile))
	if err != nil {
		return fmt.Errorf("looking for states in %s: %w", short(w.Dir), err)
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
	lock, err := waitLock(ctx, path, func(holder string) {
		lines := strings.Fields(holder)
		if len(lines) == 0 {
			note(short(filepath.Dir(path)) + ": Terraform of a run that was killed still works there: waiting for it to end")
			return
		}
		note(fmt.Sprintf("%s: Terraform of a run that was killed still works there (process %s): it is told to save its state and to end", short(filepath.Dir(path)), lines[0]))
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
	place := filepath.Join(filepath.Dir(path), stateFile)
	saved, whole := stateSerial(path)
	if !whole {
		note(short(path) + " is damaged: it is left alone")
		return nil
	}
	if there, whole := stateSerial(place); whole && there > saved {
		return nil
	}
	note(fmt.Sprintf("Terraform had to save its state as %s: it is taken up", short(path)))
	if err := os.Rename(path, place); err != nil {
		return fmt.Errorf("taking up a state: %w", err)
	}
	return nil
}

// stateSerial is the number of a state's version: each later one has a higher.
// Without a whole state there is none.
func stateSerial(path string) (serial int64, whole bool) {
	var state struct {
		Serial int64 `json:"serial"`
	}
	err := readJSON(path, &state)
	return state.Serial, err == nil
}

// errDamaged marks a file that is no JSON, because its writer was killed.
var errDamaged = errors.New("damaged")

// readRecord reads what a deployment remembers. Of a damaged record only what
// a destroy needs can be known, by the names of the directories.
func readRecord(dir string) (deploymentRecord, error) {
	var record deploymentRecord
	err := readJSON(filepath.Join(dir, deploymentFile), &record)
	if !errors.Is(err, errDamaged) {
		return record, err
	}
	configurations, globError := filepath.Glob(filepath.Join(dir, "configuration", "test_data", "*"))
	if globError != nil || len(configurations) != 1 {
		return record, err
	}
	name := filepath.Base(dir)
	return deploymentRecord{Fixture: filepath.Base(configurations[0]), Name: name, Case: name, Killed: true}, nil
}

// unsure lists the deployments whose states may lack what Terraform made last,
// because it was killed, or because an interrupt cut a request.
func (w *Workspace) unsure() (killed, cut []string, err error) {
	records, err := filepath.Glob(w.path("*", "*", deploymentFile))
	if err != nil {
		return nil, nil, fmt.Errorf("looking for deployments in %s: %w", short(w.Dir), err)
	}
	for _, path := range records {
		dir := filepath.Dir(path)
		record, err := readRecord(dir)
		if err != nil && !errors.Is(err, errDamaged) {
			return nil, nil, err
		}
		if _, err := resourcesInState(dir); record.Killed || errors.Is(err, errDamaged) {
			killed = append(killed, short(dir))
		} else if record.Cut {
			cut = append(cut, short(dir))
		}
	}
	return killed, cut, nil
}

// destroyEverything destroys what the workspace's states hold, and ends its
// cloud. What a killed Terraform was just making is in no state, and for many
// minutes a destroy would try in vain to remove what that stands on: a localaws
// is dropped with it. It is dropped as well when a destroy leaves something
// after an apply was interrupted. On AWS such things are found by their tag.
func (s *Suite) destroyEverything(ctx context.Context, dirs []string) error {
	killed, cut, err := s.workspace.unsure()
	if err != nil {
		return err
	}
	wasKilled := "Terraform or its provider was killed in " + strings.Join(killed, ", ") + ", and no state knows what it was just making: "
	wasCut := "Terraform was interrupted in " + strings.Join(cut, ", ") + ", and no state knows what a request made that was under way: "
	byTag := "look for it by the tag test-run=" + s.workspace.Run.ID
	dropped := "localaws is dropped with all that it holds"
	if len(killed) > 0 && s.Cloud == Local {
		s.display.Warn(wasKilled + dropped + ", without a destroy")
		return s.drop(ctx)
	}
	if err = s.destroyAll(ctx, dirs); err == nil {
		err = s.endCloud(ctx)
	}
	switch {
	case ctx.Err() != nil:
	case len(killed) > 0:
		s.display.Warn(wasKilled + byTag)
	case len(cut) > 0 && s.Cloud != Local:
		s.display.Warn(wasCut + byTag)
	case len(cut) > 0 && err != nil:
		s.display.Warn(headline(err))
		s.display.Warn(wasCut + dropped)
		return s.drop(ctx)
	}
	return err
}

// drop ends the cloud without looking at what it holds.
func (s *Suite) drop(ctx context.Context) error {
	if err := s.cloud.Close(ctx, false); err != nil {
		return err
	}
	return s.workspace.Remove()
}
