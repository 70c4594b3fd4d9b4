package tools

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

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

// chmod knows octal modes and the symbolic ones of one clause, such as u+x.
func chmod(_ context.Context, p *kernel.Process) int {
	args := p.Args[1:]
	deep := len(args) > 0 && args[0] == "-R"
	if deep {
		args = args[1:]
	}
	if len(args) < 2 {
		return missing(p)
	}
	return each(p, args[1:], "changing permissions of", func(name string) error {
		return chmodTree(p, p.Path(name), args[0], deep)
	})
}

func chmodTree(p *kernel.Process, name, change string, deep bool) error {
	info, err := p.Kernel.Files.Stat(name)
	if err != nil {
		return err
	}
	mode, err := changedMode(info.Mode().Perm(), change)
	if err != nil {
		return err
	}
	if err := p.Kernel.Files.Chmod(name, mode); err != nil || !deep || !info.IsDir() {
		return err
	}
	entries, err := p.Kernel.Files.ReadDir(name)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Type()&fs.ModeSymlink != 0 {
			continue
		}
		if err := chmodTree(p, path.Join(name, entry.Name()), change, true); err != nil {
			return err
		}
	}
	return nil
}

func changedMode(mode fs.FileMode, change string) (fs.FileMode, error) {
	if change != "" && change[0] >= '0' && change[0] <= '7' {
		return fileMode(change, 0)
	}
	for _, clause := range strings.Split(change, ",") {
		at := strings.IndexAny(clause, "+-=")
		if at < 0 || strings.Trim(clause[:at], "ugoa") != "" || strings.Trim(clause[at+1:], "rwxX") != "" {
			return 0, fmt.Errorf("invalid mode: '%s'", change)
		}
		who, bits := fs.FileMode(0), fs.FileMode(0)
		for _, r := range clause[:at] {
			who |= map[rune]fs.FileMode{'u': 0o700, 'g': 0o070, 'o': 0o007, 'a': 0o777}[r]
		}
		if who == 0 {
			who = 0o777
		}
		for _, r := range clause[at+1:] {
			bits |= map[rune]fs.FileMode{'r': 0o444, 'w': 0o222, 'x': 0o111, 'X': 0o111}[r]
		}
		switch clause[at] {
		case '+':
			mode |= who & bits
		case '-':
			mode &^= who & bits
		default:
			mode = mode&^who | who&bits
		}
	}
	return mode, nil
}
