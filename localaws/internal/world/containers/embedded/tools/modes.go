package tools

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// fileMode reads an octal mode.
func fileMode(text string, otherwise fs.FileMode) (fs.FileMode, error) {
	if text == "" {
		return otherwise, nil
	}
	mode, err := strconv.ParseUint(text, 8, 12)
	if err != nil {
		return 0, fmt.Errorf("%q is not an octal mode, and the embedded runtime knows no others", text)
	}
	return fs.FileMode(mode) & fs.ModePerm, nil
}

func chmod(_ context.Context, p *kernel.Process) int {
	if len(p.Args) < 3 {
		return missing(p)
	}
	mode, err := fileMode(p.Args[1], 0)
	if err != nil {
		return fail(p, "invalid mode", err)
	}
	return each(p, p.Args[2:], "changing permissions of", func(name string) error {
		return p.Kernel.Files.Chmod(p.Path(name), mode)
	})
}
