package tools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
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

func rmdir(_ context.Context, p *kernel.Process) int {
	_, names, ok := options(p, "")
	if !ok {
		return 1
	}
	return each(p, names, "failed to remove", func(name string) error {
		info, err := p.Kernel.Files.Lstat(p.Path(name))
		if err == nil && !info.IsDir() {
			err = errors.New("not a directory")
		}
		if err != nil {
			return err
		}
		return p.Kernel.Files.Remove(p.Path(name))
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

// destination splits the operands of cp, mv, ln and install: where each source
// goes to.
func destination(p *kernel.Process, args []string, into string) (sources []string, target func(string) string, ok bool) {
	if into == "" {
		if len(args) < 2 {
			missing(p)
			return nil, nil, false
		}
		into = args[len(args)-1]
		args = args[:len(args)-1]
	}
	info, err := p.Kernel.Files.Stat(p.Path(into))
	isDir := err == nil && info.IsDir()
	if len(args) > 1 && !isDir {
		p.Errorf("%s: target '%s' is not a directory", p.Name(), into)
		return nil, nil, false
	}
	return args, func(source string) string {
		if isDir {
			return path.Join(p.Path(into), path.Base(source))
		}
		return p.Path(into)
	}, true
}

func cp(_ context.Context, p *kernel.Process) int {
	flags, args, ok := options(p, "rRafpnvLdt:")
	if !ok {
		return 1
	}
	sources, target, ok := destination(p, args, flags['t'])
	if !ok {
		return 1
	}
	deep := has(flags, 'r') || has(flags, 'R') || has(flags, 'a')
	return each(p, sources, "cannot copy", func(name string) error {
		to := target(name)
		if _, err := p.Kernel.Files.Lstat(to); err == nil && has(flags, 'n') {
			return nil
		}
		return copyTree(p, p.Path(name), to, deep)
	})
}

func copyTree(p *kernel.Process, from, to string, deep bool) error {
	files := p.Kernel.Files
	info, err := files.Lstat(from)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 && deep {
		link, err := files.Readlink(from)
		if err != nil {
			return err
		}
		return files.Symlink(link, to)
	}
	if !info.IsDir() {
		return copyFile(p, from, to)
	}
	if !deep {
		return errors.New("-r not specified; omitting directory")
	}
	inside, errFrom := files.Resolve(from)
	target, errTo := files.Resolve(to)
	if errFrom == nil && errTo == nil && strings.HasPrefix(target+"/", inside+"/") {
		return errors.New("cannot copy a directory into itself")
	}
	if err := files.MkdirAll(to, info.Mode().Perm()|0o700); err != nil {
		return err
	}
	entries, err := files.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := copyTree(p, path.Join(from, entry.Name()), path.Join(to, entry.Name()), true); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(p *kernel.Process, from, to string) error {
	files := p.Kernel.Files
	info, err := files.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return errors.New("-r not specified; omitting directory")
	}
	if target, err := files.Stat(to); err == nil && os.SameFile(info, target) {
		return errors.New("source and target are the same file")
	}
	content, err := files.ReadFile(from)
	if err != nil {
		return err
	}
	return files.WriteFile(to, content, info.Mode().Perm())
}

func mv(_ context.Context, p *kernel.Process) int {
	flags, args, ok := options(p, "fnvt:")
	if !ok {
		return 1
	}
	sources, target, ok := destination(p, args, flags['t'])
	if !ok {
		return 1
	}
	return each(p, sources, "cannot move", func(name string) error {
		from, to := p.Path(name), target(name)
		if _, err := p.Kernel.Files.Lstat(to); err == nil && has(flags, 'n') {
			return nil
		}
		err := p.Kernel.Files.Rename(from, to)
		if kernel.IsCrossDevice(err) {
			if err = copyTree(p, from, to, true); err == nil {
				err = p.Kernel.Files.RemoveAll(from)
			}
		}
		return err
	})
}

func ln(_ context.Context, p *kernel.Process) int {
	flags, args, ok := options(p, "sfnvr")
	if !ok {
		return 1
	}
	if len(args) == 1 {
		args = append(args, ".")
	}
	sources, target, ok := destination(p, args, "")
	if !ok {
		return 1
	}
	return each(p, sources, "failed to create link to", func(name string) error {
		to := target(name)
		if has(flags, 'n') {
			to = p.Path(args[len(args)-1])
		}
		if has(flags, 'f') {
			if err := p.Kernel.Files.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if has(flags, 's') {
			return p.Kernel.Files.Symlink(name, to)
		}
		return p.Kernel.Files.Link(p.Path(name), to)
	})
}

func readlink(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "fen")
	if !ok {
		return 1
	}
	code := 0
	for _, name := range names {
		var target string
		var err error
		if has(flags, 'f') || has(flags, 'e') {
			target, err = p.Kernel.Files.Resolve(p.Path(name))
		} else {
			target, err = p.Kernel.Files.Readlink(p.Path(name))
		}
		if err != nil {
			code = 1
			continue
		}
		printLine(p, target)
	}
	return code
}

// install copies files with a mode, or makes directories with -d. Owners are
// taken and have no effect: everything here belongs to root.
func install(_ context.Context, p *kernel.Process) int {
	flags, args, ok := options(p, "dDm:o:g:v")
	mode, err := fileMode(flags['m'], 0o755)
	if !ok || err != nil {
		return fail(p, "invalid mode", errors.Join(err))
	}
	if has(flags, 'd') {
		return each(p, args, "cannot create directory", func(name string) error {
			return p.Kernel.Files.MkdirAll(p.Path(name), mode)
		})
	}
	if has(flags, 'D') && len(args) == 2 {
		if err := p.Kernel.Files.MkdirAll(path.Dir(p.Path(args[1])), 0o755); err != nil {
			return fail(p, args[1], err)
		}
	}
	sources, target, ok := destination(p, args, "")
	if !ok {
		return 1
	}
	return each(p, sources, "cannot install", func(name string) error {
		if err := copyFile(p, p.Path(name), target(name)); err != nil {
			return err
		}
		return p.Kernel.Files.Chmod(target(name), mode)
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

func stat(_ context.Context, p *kernel.Process) int {
	_, names, ok := options(p, "")
	if !ok {
		return 1
	}
	return each(p, names, "cannot stat", func(name string) error {
		info, err := p.Kernel.Files.Lstat(p.Path(name))
		if err == nil {
			err = write(p, fmt.Sprintf("  File: %s\n  Size: %d\nAccess: (%04o/%s)\n", name, info.Size(), info.Mode().Perm(), info.Mode()))
		}
		return err
	})
}

func mktemp(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "d")
	if !ok {
		return 1
	}
	template := "/tmp/tmp.XXXXXXXXXX"
	if len(names) > 0 {
		template = names[0]
	}
	stem := strings.TrimRight(template, "X")
	name := stem + ids.Hex(len(template)-len(stem))
	var err error
	if has(flags, 'd') {
		err = p.Kernel.Files.Mkdir(p.Path(name), 0o700)
	} else {
		err = p.Kernel.Files.WriteFile(p.Path(name), nil, 0o600)
	}
	if err != nil {
		return fail(p, "failed to create '"+template+"'", err)
	}
	return printLine(p, name)
}

func basename(_ context.Context, p *kernel.Process) int {
	if len(p.Args) < 2 {
		return missing(p)
	}
	name := path.Base(p.Args[1])
	if len(p.Args) > 2 && name != p.Args[2] {
		name = strings.TrimSuffix(name, p.Args[2])
	}
	return printLine(p, name)
}

func dirname(_ context.Context, p *kernel.Process) int {
	if len(p.Args) < 2 {
		return missing(p)
	}
	return printLine(p, path.Dir(p.Args[1]))
}

func seq(_ context.Context, p *kernel.Process) int {
	var numbers []int
	for _, arg := range p.Args[1:] {
		n, err := strconv.Atoi(arg)
		if err != nil {
			p.Errorf("seq: invalid integer argument: '%s'", arg)
			return 1
		}
		numbers = append(numbers, n)
	}
	first, step := 1, 1
	var last int
	switch len(numbers) {
	case 1:
		last = numbers[0]
	case 2:
		first, last = numbers[0], numbers[1]
	case 3:
		first, step, last = numbers[0], numbers[1], numbers[2]
	default:
		return missing(p)
	}
	for n := first; step > 0 && n <= last || step < 0 && n >= last; n += step {
		if printLine(p, strconv.Itoa(n)) != 0 {
			return 141
		}
	}
	return 0
}

// sortedEnv is the environment as NAME=value.
func sortedEnv(values map[string]string) []string {
	list := make([]string, 0, len(values))
	for name, value := range values {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}
