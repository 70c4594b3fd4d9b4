package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// copyModule puts the module's files into a directory, without what the
// scanner can't read.
func copyModule(tree fs.FS, paths []string, dir string) error {
	for _, name := range paths {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return fmt.Errorf("reading the module: %w", err)
		}
		if path.Ext(name) == ".tf" {
			if text, err = withoutChecks(name, text); err != nil {
				return err
			}
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return fmt.Errorf("copying the module: %w", err)
		}
		if err := os.WriteFile(target, text, 0o600); err != nil {
			return fmt.Errorf("copying the module: %w", err)
		}
	}
	return nil
}

// withoutChecks blanks check blocks, which came with Terraform 1.5 and which
// the scanner refuses; they make nothing that it could look at. All other
// lines keep their numbers.
func withoutChecks(name string, text []byte) ([]byte, error) {
	file, diagnostics := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("parsing the configuration: %w", diagnostics)
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return nil, fmt.Errorf("parsing %s: its body is a %T", name, file.Body)
	}
	blanked := append([]byte(nil), text...)
	for _, block := range body.Blocks {
		if block.Type != "check" {
			continue
		}
		span := block.Range() // of the header
		for i := span.Start.Byte; i < block.CloseBraceRange.End.Byte; i++ {
			if blanked[i] != '\n' {
				blanked[i] = ' '
			}
		}
	}
	return blanked, nil
}
