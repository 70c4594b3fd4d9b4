package kernel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// programMagic begins a file that stands for a Go function; its name follows.
// So programs can be listed, copied, linked and removed like any file.
const programMagic = "\x7fPROGRAM "

// maxInterpreters is how many "#!" lines may lead to one another.
const maxInterpreters = 4

// InstallProgram writes the file that runs Options.Programs[program].
func InstallProgram(files *Tree, name, program string) error {
	if err := files.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	return files.WriteFile(name, []byte(programMagic+program+"\n"), 0o755)
}

// InstallPrograms writes the files of a directory that run Options.Programs,
// given by their names in it.
func InstallPrograms(files *Tree, directory string, programs map[string]string) error {
	if err := files.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	content := map[string][]byte{}
	for name, program := range programs {
		content[name] = []byte(programMagic + program + "\n")
	}
	return files.WriteFiles(directory, content, 0o755)
}

// ErrNotExecutable says that a file is there but can't be run.
var ErrNotExecutable = errors.New("cannot be run")

// LookPath finds a command as execvp does: in the directories of PATH, or where
// the name says when it has a slash. The error wraps fs.ErrNotExist or
// ErrNotExecutable.
func (p *Process) LookPath(command string) (string, error) {
	if command == "" {
		return "", fs.ErrNotExist
	}
	if strings.Contains(command, "/") {
		if p.absent(command) != nil {
			return command, nil
		}
		return command, p.executable(command)
	}
	found := fs.ErrNotExist
	for _, directory := range strings.Split(p.Env["PATH"], ":") {
		name := path.Join(directory, command)
		err := p.executable(name)
		if err == nil {
			return name, nil
		}
		if errors.Is(err, ErrNotExecutable) {
			found = err
		}
		if p.absent(name) != nil {
			return name, nil
		}
	}
	return "", found
}

// absent is the program that stands for a file that is not there, or nil.
func (p *Process) absent(name string) Program {
	directory, command := path.Split(name)
	program := p.Kernel.Absent[command]
	if program == nil || directory != "/usr/bin/" && directory != "/bin/" {
		return nil
	}
	if _, err := p.Kernel.Files.Lstat(name); err == nil {
		return nil
	}
	return program
}

func (p *Process) executable(name string) error {
	info, err := p.Kernel.Files.Stat(p.Path(name))
	switch {
	case err != nil:
		return err
	case info.IsDir() || info.Mode()&0o111 == 0:
		return fmt.Errorf("%w: %w", ErrNotExecutable, syscall.EACCES)
	}
	return nil
}

// Load finds the program of a command, and the arguments it gets: a script's are
// its interpreter's. A file that is neither is run by /bin/sh, as shells do.
func (p *Process) Load(args []string) (Program, []string, error) {
	for range maxInterpreters {
		name, err := p.LookPath(args[0])
		if err != nil {
			return nil, nil, err
		}
		if program := p.absent(name); program != nil {
			return program, args, nil
		}
		head, err := p.head(name)
		if err != nil {
			return nil, nil, err
		}
		if program, ok := strings.CutPrefix(head, programMagic); ok {
			run := p.Kernel.Programs[program]
			if run == nil {
				return nil, nil, fmt.Errorf("%w: %w", ErrNotExecutable, syscall.ENOEXEC)
			}
			return run, args, nil
		}
		if strings.Contains(head, "\x00") {
			return nil, nil, fmt.Errorf("%w: %w", ErrNotExecutable, syscall.ENOEXEC)
		}
		interpreter := []string{"/bin/sh"}
		if line, ok := strings.CutPrefix(head, "#!"); ok {
			command, option, _ := strings.Cut(strings.TrimSpace(line), " ")
			interpreter = []string{command}
			if option = strings.TrimSpace(option); option != "" {
				interpreter = append(interpreter, option)
			}
		}
		args = append(append(interpreter, name), args[1:]...)
	}
	return nil, nil, fmt.Errorf("%w: %w", ErrNotExecutable, syscall.ELOOP)
}

// head is a file's first line, of 256 bytes at most.
func (p *Process) head(name string) (string, error) {
	f, err := p.Kernel.Files.OpenFile(p.Path(name), os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	line, err := bufio.NewReader(io.LimitReader(f, 256)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// File is an open file or device.
type File interface {
	io.ReadWriteCloser
}

// Open opens a file by its name as the process gives it, or a device: /dev/null,
// /dev/zero, /dev/std* and /proc/self/fd/0 to 2. Once the process is killed,
// reading and writing fail, so that endless copies end.
func (p *Process) Open(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := p.open(name, flag, perm)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[f] = true
	return &killable{f, p}, nil
}

// killable is a file whose use ends with the process that opened it.
type killable struct {
	File
	owner *Process
}

func (k *killable) Close() error {
	k.owner.mu.Lock()
	delete(k.owner.files, k.File)
	k.owner.mu.Unlock()
	return k.File.Close()
}

func (k *killable) err() error {
	select {
	case <-k.owner.killed:
		return errors.New("killed")
	default:
		return nil
	}
}

func (k *killable) Read(b []byte) (int, error) {
	if err := k.err(); err != nil {
		return 0, err
	}
	return k.File.Read(b)
}

func (k *killable) Write(b []byte) (int, error) {
	if err := k.err(); err != nil {
		return 0, err
	}
	return k.File.Write(b)
}

// Output is the standard output, to which writing fails once the process is killed.
func (p *Process) Output() io.Writer {
	return &killable{&stream{strings.NewReader(""), p.Stdout}, p}
}

func (p *Process) open(name string, flag int, perm fs.FileMode) (File, error) {
	full := p.Path(name)
	if resolved, err := p.Kernel.Files.Resolve(full); err == nil {
		full = resolved
	}
	switch full {
	case "/dev/null":
		return &stream{strings.NewReader(""), io.Discard}, nil
	case "/dev/zero":
		return &stream{zeros{}, io.Discard}, nil
	case "/dev/stdin", "/proc/self/fd/0", "/dev/fd/0":
		return &stream{p.Stdin, io.Discard}, nil
	case "/dev/stdout", "/proc/self/fd/1", "/dev/fd/1":
		return &stream{strings.NewReader(""), p.Stdout}, nil
	case "/dev/stderr", "/proc/self/fd/2", "/dev/fd/2":
		return &stream{strings.NewReader(""), p.Stderr}, nil
	}
	f, err := p.Kernel.Files.OpenFile(full, flag, perm)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close()
		return nil, pathError("open", name, syscall.EISDIR)
	}
	return f, nil
}

// stream is a device: a reader and a writer that outlive it.
type stream struct {
	io.Reader
	io.Writer
}

func (*stream) Close() error { return nil }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// RunCommand loads a command and runs it as a process of its own: a container's
// first, or a health check's.
func (k *Kernel) RunCommand(ctx context.Context, spec Spec) (*Process, error) {
	loader := &Process{Args: spec.Args, Env: spec.Env, Dir: spec.Dir, Kernel: k}
	loader.fillIn()
	if len(spec.Args) == 0 {
		return nil, errors.New("no command specified")
	}
	program, args, err := loader.Load(spec.Args)
	if err != nil {
		return nil, err
	}
	spec.Args = args
	return k.Start(ctx, spec, program)
}
