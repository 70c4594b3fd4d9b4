package kernel

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// maxLinks is how many symbolic links a path may go through, and maxPath how many
// bytes it may have, as on Linux. maxElements bounds what it costs to follow it,
// which grows with the square.
const (
	maxLinks    = 40
	maxPath     = 4096
	maxElements = 64
)

// maxReadFile bounds what ReadFile reads, in bytes: it is for configuration and
// scripts.
const maxReadFile = 1 << 20

// Tree is the file tree that programs see: a directory of this machine as
// their "/", and other directories mounted into it. Symbolic links are followed
// inside the tree, absolute ones from its root, and "..", as after chroot, stops
// at "/". Every operation then goes through an os.Root, so that no path and no
// race leads out of the directories that the tree was made of.
//
// Names given to a Tree are absolute. Errors are *fs.PathError with the name as
// the program gave it.
type Tree struct {
	mounts []mount // the root first
	ledger ledger
}

type mount struct {
	target   string
	root     *os.Root
	readOnly bool
	grown    *atomic.Int64 // by what has been charged
}

// place is a resolved name: a file below the root of a mount.
type place struct {
	mount
	name string // "." for the mount's own directory
}

// OpenTree makes a tree of a directory.
func OpenTree(directory string) (*Tree, error) {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return nil, fmt.Errorf("opening the file tree: %w", err)
	}
	return &Tree{mounts: []mount{{target: "/", root: root, grown: new(atomic.Int64)}}}, nil
}

// Mount puts a directory of this machine at target, and makes target if there
// is no such directory.
func (t *Tree) Mount(source, target string, readOnly bool) error {
	target = path.Clean("/" + target)
	if err := t.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("making the mount point: %w", err)
	}
	root, err := os.OpenRoot(source)
	if err != nil {
		return fmt.Errorf("mounting on %s: %w", target, err)
	}
	t.mounts = append(t.mounts, mount{target: target, root: root, readOnly: readOnly, grown: new(atomic.Int64)})
	return nil
}

// Close lets go of the directories; what is in them stays.
func (t *Tree) Close() error {
	var failed []error
	for _, m := range t.mounts {
		failed = append(failed, m.root.Close())
	}
	return errors.Join(failed...)
}

// at finds the mount that holds a clean absolute name without links.
func (t *Tree) at(name string) place {
	for i := len(t.mounts) - 1; i > 0; i-- {
		m := t.mounts[i]
		if name == m.target {
			return place{m, "."}
		}
		if below, ok := strings.CutPrefix(name, m.target+"/"); ok {
			return place{m, below}
		}
	}
	if name == "/" {
		return place{t.mounts[0], "."}
	}
	return place{t.mounts[0], name[1:]}
}

// resolve follows the symbolic links of a name, of the last element only when
// follow is set. The last element need not exist.
func (t *Tree) resolve(name string, follow bool) (string, error) {
	if len(name) > maxPath {
		return "", syscall.ENAMETOOLONG
	}
	current, rest, links := "/", strings.Split(name, "/"), 0
	for len(rest) > 0 {
		element := rest[0]
		rest = rest[1:]
		switch element {
		case "", ".":
			continue
		case "..":
			current = path.Dir(current)
			continue
		}
		next := path.Join(current, element)
		if len(next) > maxPath || strings.Count(next, "/") > maxElements {
			return "", syscall.ENAMETOOLONG
		}
		last := len(rest) == 0
		if last && !follow {
			return next, nil
		}
		target, isLink, err := t.readlink(next)
		if err != nil && (!last || !errors.Is(err, fs.ErrNotExist)) {
			return "", err
		}
		if !isLink {
			current = next
			continue
		}
		if links++; links > maxLinks {
			return "", syscall.ELOOP
		}
		if path.IsAbs(target) {
			current = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return current, nil
}

// readlink reports whether a name without links before its last element is a
// link, and where to.
func (t *Tree) readlink(name string) (target string, isLink bool, err error) {
	p := t.at(name)
	info, err := p.root.Lstat(p.name)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return "", false, err
	}
	target, err = p.root.Readlink(p.name)
	return target, true, err
}

// Resolve returns the absolute name without symbolic links, "." or "..".
func (t *Tree) Resolve(name string) (string, error) {
	resolved, err := t.resolve(name, true)
	if err != nil {
		return "", pathError("resolve", name, err)
	}
	return resolved, nil
}

// find resolves a name and refuses to write where a mount is read-only.
func (t *Tree) find(name string, follow, write bool) (place, error) {
	resolved, err := t.resolve(name, follow)
	if err != nil {
		return place{}, err
	}
	p := t.at(resolved)
	if write && p.readOnly {
		return place{}, syscall.EROFS
	}
	return p, nil
}

// pathError names the file as the program did, and keeps the reason.
func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		err = link.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// OpenFile opens a file as os.OpenFile does.
func (t *Tree) OpenFile(name string, flag int, perm fs.FileMode) (*TreeFile, error) {
	write := flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND) != 0
	p, err := t.find(name, true, write)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	f, err := t.ledger.open(p, flag|syscall.O_NONBLOCK, perm&fs.ModePerm)
	return f, pathError("open", name, err)
}

// ReadFile reads a whole file that is not long.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	f, err := t.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxReadFile+1))
	if len(content) > maxReadFile {
		err = syscall.EFBIG
	}
	return content, pathError("read", name, err)
}

// WriteFile replaces a file, and makes it with perm if there is none.
func (t *Tree) WriteFile(name string, content []byte, perm fs.FileMode) error {
	f, err := t.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return pathError("write", name, errors.Join(err, f.Close()))
}

// WriteFiles makes files in one directory, which must be there: many at once, as
// the programs of an image, cost a fraction of what WriteFile would take.
func (t *Tree) WriteFiles(directory string, files map[string][]byte, perm fs.FileMode) error {
	p, err := t.find(directory, true, true)
	if err != nil {
		return pathError("open", directory, err)
	}
	root, err := p.root.OpenRoot(p.name)
	if err != nil {
		return pathError("open", directory, err)
	}
	defer func() { _ = root.Close() }()
	for name, content := range files {
		if err := root.WriteFile(name, content, perm&fs.ModePerm); err != nil {
			return pathError("write", path.Join(directory, name), err)
		}
	}
	return nil
}

// Stat follows links; Lstat does not follow the last one.
func (t *Tree) Stat(name string) (fs.FileInfo, error) { return t.stat(name, true) }

// Lstat describes a file, or a link itself.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) { return t.stat(name, false) }

func (t *Tree) stat(name string, follow bool) (fs.FileInfo, error) {
	p, err := t.find(name, follow, false)
	if err != nil {
		return nil, pathError("stat", name, err)
	}
	info, err := p.root.Lstat(p.name)
	return info, pathError("stat", name, err)
}

// ReadDir lists a directory, sorted by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	p, err := t.find(name, true, false)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	entries, err := fs.ReadDir(p.root.FS(), p.name)
	return entries, pathError("open", name, err)
}

// Mkdir makes a directory.
func (t *Tree) Mkdir(name string, perm fs.FileMode) error {
	p, err := t.find(name, true, true)
	if err == nil {
		err = t.ledger.add(p, func() error { return p.root.Mkdir(p.name, perm&fs.ModePerm) })
	}
	return pathError("mkdir", name, err)
}

// MkdirAll makes a directory and those above it.
func (t *Tree) MkdirAll(name string, perm fs.FileMode) error {
	current := "/"
	for _, element := range strings.Split(name, "/") {
		switch element {
		case "", ".":
			continue
		}
		resolved, err := t.resolve(current+"/"+element, true)
		if err != nil {
			return pathError("mkdir", name, err)
		}
		current = resolved
		info, err := t.Stat(current)
		switch {
		case err == nil && !info.IsDir():
			return pathError("mkdir", name, syscall.ENOTDIR)
		case err == nil:
			continue
		case !errors.Is(err, fs.ErrNotExist):
			return pathError("mkdir", name, err)
		}
		if err := t.Mkdir(current, perm); err != nil && !errors.Is(err, fs.ErrExist) {
			return pathError("mkdir", name, err)
		}
	}
	return nil
}

// Remove removes a file, a link, or an empty directory.
func (t *Tree) Remove(name string) error {
	p, err := t.removable(name)
	if err == nil {
		err = t.ledger.remove(p, p.root.Remove)
	}
	return pathError("remove", name, err)
}

// RemoveAll removes a file or a directory with all that is in it.
func (t *Tree) RemoveAll(name string) error {
	p, err := t.removable(name)
	if err == nil {
		err = t.ledger.remove(p, p.root.RemoveAll)
	}
	return pathError("remove", name, err)
}

func (t *Tree) removable(name string) (place, error) {
	p, err := t.find(name, false, true)
	if err == nil && p.name == "." {
		err = syscall.EBUSY
	}
	return p, err
}

// Symlink makes a link that says target, whatever that is.
func (t *Tree) Symlink(target, name string) error {
	p, err := t.find(name, false, true)
	if err == nil {
		err = t.ledger.add(p, func() error { return p.root.Symlink(target, p.name) })
	}
	return pathError("symlink", name, err)
}

// Chmod sets a file's permission bits.
func (t *Tree) Chmod(name string, mode fs.FileMode) error {
	p, err := t.find(name, true, true)
	if err == nil {
		err = p.root.Chmod(p.name, mode&fs.ModePerm)
	}
	return pathError("chmod", name, err)
}

// Chtimes sets when a file was last read and changed.
func (t *Tree) Chtimes(name string, read, changed time.Time) error {
	p, err := t.find(name, true, true)
	if err == nil {
		err = p.root.Chtimes(p.name, read, changed)
	}
	return pathError("chtimes", name, err)
}

// HostDirectory makes a directory and returns where it is on this machine,
// for others to mount: symbolic links are followed inside the tree.
func (t *Tree) HostDirectory(name string) (string, error) {
	if err := t.MkdirAll(name, 0o755); err != nil {
		return "", err
	}
	resolved, err := t.resolve(name, true)
	if err != nil {
		return "", pathError("resolve", name, err)
	}
	p := t.at(resolved)
	return filepath.Join(p.root.Name(), filepath.FromSlash(p.name)), nil
}
