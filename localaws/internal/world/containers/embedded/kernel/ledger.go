package kernel

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// fileCost is what a file, directory or link takes beside its content: a block.
const fileCost = 4096

// maxOpenFiles is how many files of a tree may be open, as the usual limit of a
// process on Linux: each takes a descriptor of this process.
const maxOpenFiles = 1024

// ledger charges what a tree's programs add to its files, and gives back what
// they take away, but of a mount not more than they added. What was there before
// is free.
type ledger struct {
	memory atomic.Pointer[Memory] // nil: nothing is charged

	mu     sync.Mutex
	opened map[*TreeFile]fs.FileInfo
}

// account has the ledger charge to memory from now on, or to none.
func (t *Tree) account(memory *Memory) { t.ledger.memory.Store(memory) }

func (l *ledger) grow(m mount, bytes int64) error {
	memory := l.memory.Load()
	if memory == nil || bytes <= 0 {
		return nil
	}
	if err := memory.take(bytes); err != nil {
		return err
	}
	m.grown.Add(bytes)
	return nil
}

func (l *ledger) shrink(m mount, bytes int64) {
	for memory := l.memory.Load(); memory != nil; {
		have := m.grown.Load()
		back := min(bytes, have)
		if m.grown.CompareAndSwap(have, have-back) {
			memory.used.Add(-back)
			return
		}
	}
}

// add makes a directory entry.
func (l *ledger) add(p place, create func() error) error {
	if err := l.grow(p.mount, fileCost); err != nil {
		return err
	}
	err := create()
	if err != nil {
		l.shrink(p.mount, fileCost)
	}
	return err
}

// remove removes a file, or a directory with what is in it. A file that is open
// keeps its content until it is closed.
func (l *ledger) remove(p place, remove func(name string) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	freed := int64(0)
	count := func(name string) {
		info, err := p.root.Lstat(name)
		if err != nil {
			return
		}
		freed += fileCost
		if info.Mode().IsRegular() && !l.outlives(info) {
			freed += info.Size()
		}
	}
	if info, err := p.root.Lstat(p.name); err == nil && info.IsDir() {
		_ = fs.WalkDir(p.root.FS(), p.name, func(name string, _ fs.DirEntry, err error) error {
			count(name)
			return err
		}) // what could not be read is not given back
	} else {
		count(p.name)
	}
	if err := remove(p.name); err != nil {
		return err
	}
	l.shrink(p.mount, freed)
	return nil
}

// outlives reports whether a file that is being removed is open.
func (l *ledger) outlives(info fs.FileInfo) bool {
	found := false
	for f, other := range l.opened {
		if os.SameFile(info, other) {
			f.gone, found = true, true
		}
	}
	return found
}

func (l *ledger) open(p place, flag int, perm fs.FileMode) (*TreeFile, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.opened) >= maxOpenFiles {
		return nil, syscall.EMFILE
	}
	open := func() (f *os.File, err error) {
		f, err = p.root.OpenFile(p.name, flag, perm)
		return f, err
	}
	before, err := p.root.Lstat(p.name)
	var file *os.File
	if err != nil && flag&os.O_CREATE != 0 {
		err = l.add(p, func() (err error) { file, err = open(); return err })
	} else {
		file, err = open()
	}
	if err != nil {
		return nil, err
	}
	if before != nil && before.Mode().IsRegular() && flag&os.O_TRUNC != 0 {
		l.shrink(p.mount, before.Size())
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f := &TreeFile{file: file, ledger: l, mount: p.mount, appends: flag&os.O_APPEND != 0}
	if l.opened == nil {
		l.opened = map[*TreeFile]fs.FileInfo{}
	}
	l.opened[f] = info
	return f, nil
}

// TreeFile is an open file of a Tree.
type TreeFile struct {
	file    *os.File
	ledger  *ledger
	mount   mount
	appends bool
	gone    bool // it was removed while it was open; under the ledger's lock

	mu     sync.Mutex
	offset int64
}

// Stat describes the file.
func (f *TreeFile) Stat() (fs.FileInfo, error) { return f.file.Stat() }

// Read reads on.
func (f *TreeFile) Read(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.file.Read(b)
	f.offset += int64(n)
	return n, err
}

// Seek moves to where Read reads and Write writes next.
func (f *TreeFile) Seek(offset int64, whence int) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.file.Seek(offset, whence)
	if err == nil {
		f.offset = at
	}
	return at, err
}

// Write charges what the file grows by, and writes.
func (f *TreeFile) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := f.file.Stat()
	if err != nil {
		return 0, err
	}
	if f.appends {
		f.offset = info.Size()
	}
	if err := f.ledger.grow(f.mount, f.offset+int64(len(b))-info.Size()); err != nil {
		return 0, err
	}
	n, err := f.file.Write(b)
	f.offset += int64(n)
	return n, err
}

// Close closes the file.
func (f *TreeFile) Close() error {
	l := f.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	info, open := l.opened[f]
	delete(l.opened, f)
	if open && f.gone && !l.outlives(info) {
		if now, err := f.file.Stat(); err == nil {
			l.shrink(f.mount, now.Size())
		}
	}
	return f.file.Close()
}
