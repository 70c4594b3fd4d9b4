// Command suite does what stands beside the integration tests: it cleans up
// after them, prints the environment of a kept deployment, and measures.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
)

const usage = `usage: suite clean|forget|env|bench
  clean   destroy what runs have left, and stop localaws
  forget  stop localaws and drop what it holds, without a destroy
  env     print export lines for the AWS CLI and curl
  bench   measure a whole run, and print a Markdown table
`

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) != 1 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	settings, err := suite.ReadSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx := context.Background()
	switch args[0] {
	case "clean":
		return suite.Clean(ctx, settings)
	case "forget":
		return suite.Forget(ctx, settings)
	case "env":
		if err := suite.PrintEnvironment(ctx, settings, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	case "bench":
		if err := suite.Bench(ctx, settings, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	default:
		fmt.Fprintf(os.Stderr, "suite: there is no command %q\n%s", args[0], usage)
		return 2
	}
}
