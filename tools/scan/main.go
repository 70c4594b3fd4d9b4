// Command scan looks for security mistakes in the module and in its examples,
// each of which calls it with values of its own:
//
//	go run ./tools/scan -tfsec .bin/tfsec
//
// It fails at a finding of severity high or critical. A finding that is meant
// is explained where it stands, above it a comment "#tfsec:ignore:RULE".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "scan:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("scan", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "the module's repository")
	tfsec := flags.String("tfsec", "tfsec", "the scanner's program")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading the flags: %w", err)
	}
	scanner, err := filepath.Abs(*tfsec)
	if err != nil {
		return fmt.Errorf("finding the scanner %q: %w", *tfsec, err)
	}

	tree := os.DirFS(*root)
	module, err := packaging.Collect(tree, packaging.Contents())
	if err != nil {
		return fmt.Errorf("collecting the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "scan")
	if err != nil {
		return fmt.Errorf("making a directory for the scan: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is below the system's own
	if err := copyModule(tree, module.Paths, dir); err != nil {
		return err
	}
	examples, err := fs.Glob(tree, "examples/*/main.tf")
	if err != nil {
		return fmt.Errorf("listing the examples: %w", err)
	}
	modules := []string{"."}
	for _, example := range examples {
		modules = append(modules, filepath.Dir(example))
	}
	return scan(ctx, scanner, dir, modules, stdout)
}

// scan runs the scanner over root modules below dir, and prints what it finds.
func scan(ctx context.Context, scanner, dir string, modules []string, stdout io.Writer) error {
	seen := map[string]bool{}
	for _, module := range modules {
		findings, err := tfsec(ctx, scanner, dir, module)
		if err != nil {
			return err
		}
		for _, finding := range findings {
			// Each module that calls the place finds it again.
			place := finding.place(dir)
			if key := place + finding.Rule; !seen[key] {
				seen[key] = true
				_, _ = fmt.Fprintf(stdout, "%s: %s: %s (%s)\n", place, strings.ToLower(finding.Severity), finding.Description, finding.Rule)
			}
		}
	}
	if len(seen) > 0 {
		return fmt.Errorf("%d findings of severity high or critical: fix them, or explain them in place (#tfsec:ignore:RULE)", len(seen))
	}
	_, err := fmt.Fprintf(stdout, "no finding of severity high or critical in the module and %d examples\n", len(modules)-1)
	if err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}
