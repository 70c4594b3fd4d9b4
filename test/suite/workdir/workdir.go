// Package workdir keeps what a run has on disk: one directory for the runs of a
// space in a cloud, in it one for each deployment, with its Terraform
// configuration, state and log. It locks them, and puts right what a killed run
// left there. It knows neither Terraform's commands nor any cloud.
package workdir

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
)

// Dir is the directory of the runs of one space in one cloud:
//
//	.work/<cloud>-<space>/
//	  run.json         what the runs share: their ID and region
//	  lock             held while a run is on
//	  localaws/        of the embedded AWS
//	  prepare/<fixture>/, <test>/<case>/   one Deployment each
type Dir struct {
	Path string
	Run  Run
	lock *os.File
}

// Run is what a work directory remembers between runs.
type Run struct {
	ID      string    `json:"id"` // part of the names of all that is made
	Cloud   string    `json:"cloud"`
	Region  string    `json:"region"`
	Space   string    `json:"space"`
	Started time.Time `json:"started,omitzero"`
}

const runFile = "run.json"

// Shared is the group of the deployments that those of tests stand on.
const Shared = "prepare"

// At is the directory of a space in a cloud, neither made nor locked.
func At(root, cloud, space string) *Dir {
	return &Dir{Path: filepath.Join(root, ".work", cloud+"-"+space)}
}

// List returns what the work directories below a repository's root remember.
func List(root string) ([]Run, error) {
	paths, err := filepath.Glob(filepath.Join(root, ".work", "*", runFile))
	if err != nil {
		return nil, fmt.Errorf("looking for work directories: %w", err)
	}
	var runs []Run
	for _, path := range paths { // sorted
		var run Run
		if err := ReadJSON(path, &run); err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// Open opens or makes the work directory of the settings and locks it. While
// another run holds it, Open waits, after saying so.
func Open(ctx context.Context, root string, s settings.Settings, note func(string)) (*Dir, error) {
	w := At(root, s.Cloud, s.Space)
	if err := os.MkdirAll(w.Path, 0o755); err != nil {
		return nil, fmt.Errorf("making the work directory: %w", err)
	}
	if err := w.Acquire(ctx, note); err != nil {
		return nil, err
	}
	err := ReadJSON(w.path(runFile), &w.Run)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.Run = Run{ID: newID(), Cloud: s.Cloud, Region: s.Region, Space: s.Space, Started: time.Now().UTC().Truncate(time.Second)}
		err = WriteJSON(w.path(runFile), w.Run)
	case err == nil && w.Run.Region != s.Region:
		err = fmt.Errorf("%s holds a run in region %s, and TEST_REGION is %s: run `make test-clean` first, or set TEST_SPACE for another work directory", w.Path, w.Run.Region, s.Region)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, w.forgetLost(note)
}

// forgetLost drops states of an embedded AWS that is gone with all it held.
func (w *Dir) forgetLost(note func(string)) error {
	if w.Run.Cloud != settings.Local {
		return nil
	}
	if _, err := os.Stat(w.LocalawsDir()); err == nil {
		return nil
	}
	deployments, err := w.Deployments()
	if err != nil {
		return err
	}
	for _, dir := range deployments {
		note("the localaws of " + Short(dir) + " is gone, and what was deployed in it: its state is dropped")
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("dropping a state: %w", err)
		}
	}
	return nil
}

// Acquire takes the lock, which the kernel gives back however the process ends,
// and puts right what a killed run left.
func (w *Dir) Acquire(ctx context.Context, note func(string)) error {
	file, err := WaitLock(ctx, w.path("lock"), func(holder string) {
		note(fmt.Sprintf("%s is in use by another run (process %s): waiting for it to end", Short(w.Path), holder))
	})
	if err != nil {
		return err
	}
	w.lock = file
	err = file.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(file, "%d\n", os.Getpid())
	}
	if err != nil {
		err = fmt.Errorf("writing the lock: %w", err)
	} else {
		err = w.recover(ctx, note)
	}
	if err != nil {
		w.Close()
	}
	return err
}

// Close gives the lock back.
func (w *Dir) Close() {
	if w.lock != nil {
		_ = w.lock.Close()
		w.lock = nil
	}
}

// Remove removes the directory and gives the lock back. The reports of its last
// run lie beside it, and stay.
func (w *Dir) Remove() error {
	defer w.Close()
	if err := os.RemoveAll(w.Path); err != nil {
		return fmt.Errorf("removing the work directory: %w", err)
	}
	return nil
}

// LocalawsDir is the directory of the embedded AWS.
func (w *Dir) LocalawsDir() string { return w.path("localaws") }

// LocalawsMayRun reports whether a localaws was started for the directory and
// not stopped.
func (w *Dir) LocalawsMayRun() bool {
	_, err := os.Stat(w.LocalawsDir())
	return !errors.Is(err, fs.ErrNotExist)
}

// Deployments lists the directories that hold a state with resources, or one
// that can't be read, those of tests before those of the prepare stage, on which
// they stand.
func (w *Dir) Deployments() ([]string, error) {
	var tests, shared []string
	err := filepath.WalkDir(w.Path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".terraform" || path == w.LocalawsDir()) {
			return filepath.SkipDir
		}
		if entry.Name() != recordFile {
			return nil
		}
		dir := filepath.Dir(path)
		n, err := Resources(dir)
		if err != nil && !errors.Is(err, ErrDamaged) {
			return err
		}
		if err == nil && n == 0 {
			return nil
		}
		if w.IsShared(dir) {
			shared = append(shared, dir)
		} else {
			tests = append(tests, dir)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for deployments in %s: %w", w.Path, err)
	}
	return append(tests, shared...), nil
}

// DeploymentDir is the directory of a fixture in a group, which is a test or the
// prepare stage.
func (w *Dir) DeploymentDir(group, name string) string { return w.path(group, name) }

// IsShared reports whether a deployment's directory is one of the prepare stage,
// on which the deployments of tests stand.
func (w *Dir) IsShared(dir string) bool { return filepath.Dir(dir) == w.path(Shared) }

func (w *Dir) path(parts ...string) string {
	return filepath.Join(append([]string{w.Path}, parts...)...)
}

// newID makes an ID that goes into the names of resources.
func newID() string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return hex.EncodeToString(b[:])
}
