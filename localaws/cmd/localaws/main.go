// Command localaws runs the embedded AWS and looks after the one that runs.
//
//	localaws serve    run in the foreground until interrupted
//	localaws start    make sure that one runs in the background
//	localaws status   show what it holds
//	localaws env      print what a shell needs to use it: eval "$(localaws env)"
//	localaws stop     end it, and remove its state
//	localaws version  print which localaws this is
//
// Exit status: 0 good, 1 failed, 2 wrong use, 3 (status, env) not running.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
)

const usage = `localaws: an AWS on this machine, small but alive

usage: localaws COMMAND [flags]

  serve    run in the foreground until interrupted
  start    make sure that one runs in the background
  status   show what it holds, and what goes wrong there
  env      print what a shell needs to use it: eval "$(localaws env)"
  stop     end it, and remove its state; -keep keeps the state
  version  print which localaws this is

localaws COMMAND -h lists the command's flags. Each directory (-dir, .localaws unless
given) is an AWS of its own. Its log is localaws.log there.
`

const (
	exitFailed     = 1
	exitUsage      = 2
	exitNotRunning = 3
)

// errUsage is wrapped by errors about the command line.
var errUsage = errors.New("wrong use")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(exitStatus(err, os.Stderr))
}

func exitStatus(err error, stderr io.Writer) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "%s\n%s", err, usage)
		return exitUsage
	case errors.Is(err, client.ErrNotRunning):
		fmt.Fprintln(stderr, err)
		return exitNotRunning
	}
	fmt.Fprintln(stderr, "localaws:", err)
	return exitFailed
}

// command is one of localaws's commands; it adds its own flags to those that
// all have.
type command struct {
	flags *flag.FlagSet
	dir   string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: name a command", errUsage)
	}
	c := &command{flags: flag.NewFlagSet("localaws "+args[0], flag.ContinueOnError)}
	c.flags.SetOutput(stderr)
	c.flags.StringVar(&c.dir, "dir", ".localaws", "directory of the state, the log and the certificates")
	switch args[0] {
	case "serve":
		return c.serve(ctx, args[1:], stdout)
	case "start":
		return c.start(ctx, args[1:], stdout)
	case "status":
		return c.status(ctx, args[1:], stdout)
	case "env":
		return c.env(ctx, args[1:], stdout)
	case "stop":
		return c.stop(ctx, args[1:], stdout)
	case "version", "--version":
		fmt.Fprintln(stdout, version())
		return nil
	case "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return nil
	}
	return fmt.Errorf("%w: %q is not a command", errUsage, args[0])
}

// version is the module's version, or the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "localaws of unknown version"
	}
	of := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && !strings.Contains(of, setting.Value[:min(12, len(setting.Value))]) {
			of += " of commit " + setting.Value
		}
	}
	return fmt.Sprintf("localaws %s, %s", of, info.GoVersion)
}

// parse reads the flags and makes the directory's path absolute.
func (c *command) parse(args []string) error {
	if err := c.flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if c.flags.NArg() > 0 {
		return fmt.Errorf("%w: unexpected argument %q", errUsage, c.flags.Arg(0))
	}
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return fmt.Errorf("finding the directory %q: %w", c.dir, err)
	}
	c.dir = dir
	return nil
}
