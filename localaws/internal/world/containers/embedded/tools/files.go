package tools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// each runs an operation on every operand.
func each(p *kernel.Process, names []string, doing string, f func(name string) error) int {
	if len(names) == 0 {
		return missing(p)
	}
	code := 0
	for _, name := range names {
		if err := f(name); err != nil {
			code = fail(p, doing+" '"+name+"'", err)
		}
	}
	return code
}

func mkdir(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "pvm:")
	mode, err := fileMode(flags['m'], 0o755)
	if !ok || err != nil {
		return fail(p, "invalid mode", errors.Join(err))
	}
	return each(p, names, "cannot create directory", func(name string) error {
		if has(flags, 'p') {
			return p.Kernel.Files.MkdirAll(p.Path(name), mode)
		}
		return p.Kernel.Files.Mkdir(p.Path(name), mode)
	})
}

func rm(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "rRfv")
	if !ok {
		return 1
	}
	if len(names) == 0 && has(flags, 'f') {
		return 0
	}
	return each(p, names, "cannot remove", func(name string) error {
		info, err := p.Kernel.Files.Lstat(p.Path(name))
		switch {
		case errors.Is(err, fs.ErrNotExist) && has(flags, 'f'):
			return nil
		case err != nil:
			return err
		case !info.IsDir():
			return p.Kernel.Files.Remove(p.Path(name))
		case !has(flags, 'r') && !has(flags, 'R'):
			return errors.New("is a directory")
		}
		return p.Kernel.Files.RemoveAll(p.Path(name))
	})
}

func touch(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "c")
	if !ok {
		return 1
	}
	return each(p, names, "cannot touch", func(name string) error {
		_, err := p.Kernel.Files.Stat(p.Path(name))
		if errors.Is(err, fs.ErrNotExist) {
			if has(flags, 'c') {
				return nil
			}
			f, err := p.Open(name, os.O_WRONLY|os.O_CREATE, 0o644)
			if err != nil {
				return err
			}
			return f.Close()
		}
		now := p.Kernel.Clock.Now()
		return p.Kernel.Files.Chtimes(p.Path(name), now, now)
	})
}

// ln makes symbolic links: ln -s TARGET NAME.
func ln(_ context.Context, p *kernel.Process) int {
	flags, args, ok := options(p, "s")
	if !ok || !has(flags, 's') || len(args) != 2 {
		p.Errorf("ln: the embedded runtime knows 'ln -s TARGET NAME'")
		return 1
	}
	return each(p, args[1:], "failed to create symbolic link", func(name string) error {
		return p.Kernel.Files.Symlink(args[0], p.Path(name))
	})
}

func ls(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "la1AdhR")
	if !ok {
		return 2
	}
	if len(names) == 0 {
		names = []string{"."}
	}
	code := 0
	for _, name := range names {
		info, err := p.Kernel.Files.Stat(p.Path(name))
		if err != nil {
			fail(p, "cannot access '"+name+"'", err)
			code = 2
			continue
		}
		if !info.IsDir() || has(flags, 'd') {
			listEntry(p, flags, name, info)
			continue
		}
		if len(names) > 1 {
			printLine(p, name+":")
		}
		entries, err := p.Kernel.Files.ReadDir(p.Path(name))
		if err != nil {
			code = fail(p, name, err)
		}
		for _, entry := range entries {
			hidden := strings.HasPrefix(entry.Name(), ".") && !has(flags, 'a') && !has(flags, 'A')
			if info, err := entry.Info(); err == nil && !hidden {
				listEntry(p, flags, entry.Name(), info)
			}
		}
	}
	return code
}

func listEntry(p *kernel.Process, flags map[byte]string, name string, info fs.FileInfo) {
	if has(flags, 'l') {
		name = fmt.Sprintf("%s 1 root root %d %s %s", info.Mode(), info.Size(), info.ModTime().Format("Jan _2 15:04"), name)
	}
	printLine(p, name)
}
