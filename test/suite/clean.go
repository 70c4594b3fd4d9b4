package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Clean destroys all that runs of any space, or of TEST_SPACE, have left in their work
// directories, stops the localaws of each, and says what is left: nothing. An
// interrupted or crashed run is cleaned from the state that it has.
func Clean(ctx context.Context, settings Settings) int {
	root, err := Root()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	spaces, err := workspaces(root, settings)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if len(spaces) == 0 {
		fmt.Println("nothing to clean")
		return 0
	}
	code := 0
	for _, run := range spaces {
		if _, err := cleanSpace(ctx, settings, run); err != nil {
			fmt.Fprintf(os.Stderr, "%s-%s: %v\n", run.Cloud, run.Space, err)
			code = 1
		}
	}
	return code
}

// workspaces lists the runs that have a work directory, of the one space if
// one is named.
func workspaces(root string, settings Settings) ([]RunInfo, error) {
	paths, err := filepath.Glob(filepath.Join(root, ".work", "*", runFile))
	if err != nil {
		return nil, fmt.Errorf("looking for work directories: %w", err)
	}
	sort.Strings(paths)
	var runs []RunInfo
	for _, path := range paths {
		var run RunInfo
		if err := readJSON(path, &run); err != nil {
			return nil, err
		}
		if !settings.OneSpace || run.Space == settings.Space {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// cleanSpace cleans the work directory of one run, and returns the deployments
// that it destroyed.
func cleanSpace(ctx context.Context, settings Settings, run RunInfo) ([]*Deployment, error) {
	settings.Cloud, settings.Region, settings.Space = run.Cloud, run.Region, run.Space
	settings = settings.WithoutSkips()
	s, err := New(ctx, settings)
	if err != nil {
		return nil, err
	}
	s.watch(0, s.cleanInterrupts())
	defer func() {
		close(s.finished)
		s.watching.Wait()
		s.display.Close()
	}()
	s.display.Print("cleaning " + filepath.Join(".work", run.Cloud+"-"+run.Space))
	err = s.clean()
	return s.deployments, err
}

// clean destroys what the workspace's states hold, and ends its cloud.
func (s *Suite) clean() error {
	note := func(text string) { s.display.Print("note: " + text) }
	var err error
	if s.workspace, err = OpenWorkspace(s.ctx, s.Root, s.Settings, note); err != nil {
		return err
	}
	defer s.workspace.Close()
	dirs, err := s.workspace.Deployments()
	if err != nil {
		return err
	}
	if len(dirs) == 0 && !s.workspace.cloudMayRun() {
		s.display.Print("nothing is left")
		return s.workspace.Remove()
	}
	if len(dirs) > 0 {
		if err := s.openTools(s.ctx); err != nil {
			return err
		}
	}
	// The work directory says which cloud it is, and TEST_CLOUD maybe another one.
	if err := s.CheckAWS(); err != nil {
		return err
	}
	if s.cloud, err = openCloud(s.ctx, s.Settings, s.Root, s.workspace, note); err != nil {
		return err
	}
	if err := s.destroyEverything(s.ctx, dirs); err != nil {
		return s.explainUnclean(err)
	}
	return nil
}

// cloudMayRun tells whether a localaws was started in the workspace and not
// stopped.
func (w *Workspace) cloudMayRun() bool {
	_, err := os.Stat(w.LocalawsDir())
	return !errors.Is(err, fs.ErrNotExist)
}

// explainUnclean adds what to do about a destroy that failed.
func (s *Suite) explainUnclean(err error) error {
	if context.Cause(s.ctx) != nil {
		return fmt.Errorf("%w: run `make test-clean` again to go on", context.Cause(s.ctx))
	}
	advice := "run `make test-clean` again"
	if s.Cloud == Local {
		advice += "; if that does not help, `make test-forget` stops this localaws and drops all that it holds"
	}
	return fmt.Errorf("%w\n%s", err, advice)
}

// Forget stops every localaws that runs for this clone, or that of TEST_SPACE,
// and removes its work directory, without a destroy: what a localaws holds ends with it. Work
// directories of AWS are left alone.
func Forget(ctx context.Context, settings Settings) int {
	root, err := Root()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	dirs, err := filepath.Glob(filepath.Join(root, ".work", Local+"-*"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, dir := range dirs {
		space := strings.TrimPrefix(filepath.Base(dir), Local+"-")
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || settings.OneSpace && space != settings.Space {
			continue
		}
		settings.Cloud, settings.Space = Local, space
		if err := forget(ctx, settings, root, dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println("dropped " + short(dir))
	}
	return 0
}

func forget(ctx context.Context, settings Settings, root, dir string) error {
	w := &Workspace{Dir: dir}
	if err := w.acquire(ctx, func(text string) { fmt.Println(text) }); err != nil {
		return err
	}
	c := &local{settings: settings, dir: w.LocalawsDir()}
	if w.cloudMayRun() {
		if err := c.build(ctx, root); err != nil {
			return err
		}
		if err := c.Close(ctx, false); err != nil {
			return err
		}
	}
	return w.Remove()
}
