package suite

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Workspace is the directory of the runs of one space in one cloud:
//
//	.work/<cloud>-<space>/
//	  run.json         what the runs share: their id and region
//	  lock             held while a run is on
//	  localaws/        of the embedded AWS
//	  prepare/<fixture>/, <test>/<case>/   one Deployment each
type Workspace struct {
	Dir  string
	Run  RunInfo
	lock *os.File
}

// RunInfo is what a workspace remembers between runs.
type RunInfo struct {
	ID      string    `json:"id"` // part of the names of all that is made
	Cloud   string    `json:"cloud"`
	Region  string    `json:"region"`
	Space   string    `json:"space"`
	Started time.Time `json:"started,omitzero"`
}

const runFile = "run.json"

// OpenWorkspace opens or makes the workspace of the settings and locks it. While
// another run holds it, it waits, after saying so.
func OpenWorkspace(ctx context.Context, root string, s Settings, note func(string)) (*Workspace, error) {
	w := &Workspace{Dir: filepath.Join(root, ".work", s.Cloud+"-"+s.Space)}
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the work directory: %w", err)
	}
	if err := w.acquire(ctx, note); err != nil {
		return nil, err
	}
	err := readJSON(w.path(runFile), &w.Run)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.Run = RunInfo{ID: newID(), Cloud: s.Cloud, Region: s.Region, Space: s.Space, Started: time.Now().UTC().Truncate(time.Second)}
		err = writeJSON(w.path(runFile), w.Run)
	case err == nil && w.Run.Region != s.Region:
		err = fmt.Errorf("%s holds a run in region %s, and TEST_REGION is %s: run `make test-clean` first, or set TEST_SPACE for another work directory", w.Dir, w.Run.Region, s.Region)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, w.forgetLost(note)
}

// forgetLost drops states of an embedded AWS that is gone with all it held.
func (w *Workspace) forgetLost(note func(string)) error {
	if w.Run.Cloud != Local {
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
		note("the localaws of " + short(dir) + " is gone, and what was deployed in it: its state is dropped")
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("dropping a state: %w", err)
		}
	}
	return nil
}

// acquire takes the lock, which the kernel gives back when the process ends in
// whichever way, and puts right what a killed run left.
func (w *Workspace) acquire(ctx context.Context, note func(string)) error {
	file, err := waitLock(ctx, w.path("lock"), func(holder string) {
		note(fmt.Sprintf("%s is in use by another run (process %s): waiting for it to end", short(w.Dir), holder))
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

// Close gives the workspace back.
func (w *Workspace) Close() {
	if w.lock != nil {
		_ = w.lock.Close()
		w.lock = nil
	}
}

// Remove takes the workspace off the disk but for the reports of its last run,
// and gives it back.
func (w *Workspace) Remove() error {
	defer w.Close()
	if err := os.RemoveAll(w.Dir); err != nil {
		return fmt.Errorf("removing the work directory: %w", err)
	}
	return nil
}

// LocalawsDir is the directory of the embedded AWS.
func (w *Workspace) LocalawsDir() string { return w.path("localaws") }

// Deployments lists the directories that hold a state with resources, or one
// that can't be read, those of tests before those of the prepare stage, on which
// they stand.
func (w *Workspace) Deployments() ([]string, error) {
	var tests, prepared []string
	err := filepath.WalkDir(w.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".terraform" || path == w.LocalawsDir()) {
			return filepath.SkipDir
		}
		if entry.Name() != deploymentFile {
			return nil
		}
		dir := filepath.Dir(path)
		n, err := resourcesInState(dir)
		if err != nil && !errors.Is(err, errDamaged) {
			return err
		}
		if err == nil && n == 0 {
			return nil
		}
		if strings.HasPrefix(dir, w.path("prepare")+string(filepath.Separator)) {
			prepared = append(prepared, dir)
		} else {
			tests = append(tests, dir)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for deployments in %s: %w", w.Dir, err)
	}
	return append(tests, prepared...), nil
}

func (w *Workspace) path(parts ...string) string {
	return filepath.Join(append([]string{w.Dir}, parts...)...)
}

// newID makes an id that goes into the names of resources.
func newID() string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return hex.EncodeToString(b[:])
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", short(path), err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s is %w: %w", short(path), errDamaged, err)
	}
	return nil
}

// writeJSON replaces a file whole, so that an interrupt leaves no half of one.
func writeJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", short(path), err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", short(path), err)
	}
	part := path + ".part"
	if err := os.WriteFile(part, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", short(path), err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("writing %s: %w", short(path), err)
	}
	return nil
}

// short names a path from the repository's root, as a user would.
func short(path string) string {
	root, err := Root()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(root, path)
	if err != nil || strings.HasPrefix(relative, "..") {
		return path
	}
	return relative
}
