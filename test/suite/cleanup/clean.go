package cleanup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/cloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Clean destroys all that runs of any space, or of TEST_SPACE, have left in their
// work directories, stops the localaws of each, and says what is left: nothing.
// An interrupted or crashed run is cleaned from the state that it has. Clean
// returns the process's exit code.
func Clean(ctx context.Context, s settings.Settings) int {
	root, err := workdir.Root()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	runs, err := workdir.List(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code, cleaned := 0, false
	for _, one := range runs {
		if s.OneSpace && one.Space != s.Space {
			continue
		}
		cleaned = true
		if _, err := Space(ctx, s, one); err != nil {
			fmt.Fprintf(os.Stderr, "%s-%s: %v\n", one.Cloud, one.Space, err)
			code = 1
		}
	}
	if !cleaned {
		fmt.Println("nothing to clean")
	}
	return code
}

// Space cleans the work directory of one space, and returns the run that did it.
func Space(ctx context.Context, s settings.Settings, of workdir.Run) (*run.Run, error) {
	s = s.WithoutSkips()
	s.Cloud, s.Region, s.Space = of.Cloud, of.Region, of.Space
	r, err := run.New(ctx, s)
	if err != nil {
		return nil, err
	}
	defer r.Display.Close()
	r.Interrupts.Watch(0, r.Interrupts.OfCleanUp())
	defer r.Interrupts.Close()
	r.Display.Print("cleaning " + filepath.Join(".work", of.Cloud+"-"+of.Space))
	return r, clean(r)
}

// clean destroys what the states of a run hold, and ends its cloud.
func clean(r *run.Run) error {
	ctx := r.Interrupts.Tests
	if err := r.OpenWorkdir(ctx); err != nil {
		return err
	}
	defer r.Workdir.Close()
	dirs, err := r.Workdir.Deployments()
	if err != nil {
		return err
	}
	if len(dirs) == 0 && !r.Workdir.LocalawsMayRun() {
		r.Display.Print("nothing is left")
		return r.Workdir.Remove()
	}
	if len(dirs) > 0 {
		if err := r.Tools.Open(ctx); err != nil {
			return err
		}
	}
	// The work directory says which cloud it is, and TEST_CLOUD maybe another one.
	if err := r.Settings.CheckAWS(); err != nil {
		return err
	}
	if err := r.OpenCloud(ctx); err != nil {
		return err
	}
	if err := destroyEverything(ctx, r, dirs); err != nil {
		return explainUnclean(r, err)
	}
	return nil
}

// explainUnclean adds what to do about a destroy that failed.
func explainUnclean(r *run.Run, err error) error {
	if cause := context.Cause(r.Interrupts.Tests); cause != nil {
		return fmt.Errorf("%w: run `make test-clean` again to continue", cause)
	}
	advice := "run `make test-clean` again"
	if r.Settings.Cloud == settings.Local {
		advice += "; if that does not help, `make test-forget` stops this localaws and drops all that it holds"
	}
	return fmt.Errorf("%w\n%s", err, advice)
}

// Forget stops every localaws that runs for this clone, or that of TEST_SPACE,
// and removes its work directory, without a destroy: what a localaws holds ends
// with it. Work directories of AWS are left alone.
func Forget(ctx context.Context, s settings.Settings) int {
	root, err := workdir.Root()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	paths, err := filepath.Glob(filepath.Join(root, ".work", settings.Local+"-*"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, path := range paths {
		space := strings.TrimPrefix(filepath.Base(path), settings.Local+"-")
		if info, err := os.Stat(path); err != nil || !info.IsDir() || s.OneSpace && space != s.Space {
			continue
		}
		if err := forget(ctx, root, workdir.At(root, settings.Local, space)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println("dropped " + workdir.Short(path))
	}
	return 0
}

func forget(ctx context.Context, root string, dir *workdir.Dir) error {
	if err := dir.Acquire(ctx, func(text string) { fmt.Println(text) }); err != nil {
		return err
	}
	if dir.LocalawsMayRun() {
		localaws := cloud.NewLocalaws(root, dir.LocalawsDir())
		if err := localaws.Build(ctx); err != nil {
			return err
		}
		if err := localaws.Stop(ctx); err != nil {
			return err
		}
	}
	return dir.Remove()
}
