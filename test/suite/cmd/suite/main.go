// Command suite does what stands beside the integration tests: it cleans up
// after them, prints the environment of a kept deployment, and measures.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/bench"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/cleanup"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/cloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
)

const usage = `usage: suite clean|forget|sweep|env|bench
  clean   destroy what runs have left, and stop localaws
  forget  stop localaws and drop what it holds, without a destroy
  sweep   find by tag what aborted runs left, show it, ask, remove it;
          -yes removes without asking, as SWEEP_YES=1 does, and SWEEP_RUN
          names runs (IDs, separated by commas)
  env     print export lines for the AWS CLI and curl
  bench   measure a whole run, and print a Markdown table
`

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	yes := os.Getenv("SWEEP_YES") == "1"
	if len(args) == 2 && args[0] == "sweep" && strings.TrimLeft(args[1], "-") == "yes" {
		args, yes = args[:1], true
	}
	if len(args) != 1 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	s, err := settings.Read(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx := context.Background()
	switch args[0] {
	case "clean":
		return cleanup.Clean(ctx, s)
	case "forget":
		return cleanup.Forget(ctx, s)
	case "sweep":
		runs := strings.FieldsFunc(os.Getenv("SWEEP_RUN"), func(r rune) bool { return r == ',' || r == ' ' })
		return cleanup.Sweep(ctx, s, cleanup.SweepOptions{Runs: runs, Yes: yes, Ask: asker()})
	case "env":
		if err := cloud.PrintEnvironment(ctx, s, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	case "bench":
		if err := bench.Run(ctx, s, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	default:
		fmt.Fprintf(os.Stderr, "suite: there is no command %q\n%s", args[0], usage)
		return 2
	}
}

// asker asks on the terminal; it is nil when there is none.
func asker() func(question string) bool {
	if !progress.OptionsFor(os.Stdin, os.Getenv).Moving || !progress.OptionsFor(os.Stdout, os.Getenv).Moving {
		return nil
	}
	return func(question string) bool {
		fmt.Print(question)
		answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
		return err == nil && strings.TrimSpace(answer) == "yes"
	}
}
