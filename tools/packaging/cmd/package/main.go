// Command package makes the module's archive:
//
//	go run ./tools/packaging/cmd/package -out .bin/package
//
// The version is that of the changelog's newest release, or -version.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

type options struct {
	root, version, out, notes string
	list                      bool
}

func run(args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("package", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.root, "root", ".", "the module's repository")
	flags.StringVar(&o.version, "version", "", "the archive's version; default: the newest release in CHANGELOG.md")
	flags.StringVar(&o.out, "out", ".", "directory of the archive")
	flags.StringVar(&o.notes, "notes", "", "file for what CHANGELOG.md says of the version; it has to say something then")
	flags.BoolVar(&o.list, "list", false, "print the files in the archive")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: see -help", flags.Arg(0))
	}

	text, err := os.ReadFile(filepath.Join(o.root, "CHANGELOG.md"))
	if err != nil {
		return fmt.Errorf("reading the changelog: %w", err)
	}
	changelog := string(text)
	if o.version == "" {
		if o.version, err = packaging.NewestRelease(changelog); err != nil {
			return err
		}
		if packaging.HasUnreleased(changelog) {
			_, _ = fmt.Fprintf(stderr, "note: CHANGELOG.md has unreleased changes, so this is not release %s: give it its own version with -version\n", o.version)
		}
	}
	var notes string
	if o.notes != "" {
		if notes, err = packaging.ReleaseNotes(changelog, o.version); err != nil {
			return err
		}
	}
	archive, err := packaging.Pack(os.DirFS(o.root), o.version)
	if err != nil {
		return err
	}
	path, err := archive.Save(o.out)
	if err != nil {
		return err
	}
	if o.notes != "" {
		if err := os.WriteFile(o.notes, []byte(notes), 0o644); err != nil { //nolint:gosec // notes are there to be read
			return fmt.Errorf("writing the release notes: %w", err)
		}
	}
	if o.list {
		for _, name := range archive.Files {
			_, _ = fmt.Fprintln(stdout, name)
		}
	}
	_, err = fmt.Fprintf(stdout, "%s  %d files, %d bytes, sha256 %s\n", path, len(archive.Files), len(archive.Content), archive.SHA256())
	return err
}
