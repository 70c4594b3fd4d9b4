package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// files keep the bodies of objects and parts. A file never changes: it is written
// before the transaction that records it, and removed after the one that gives up
// its last use, so that no file is touched under the account's lock.
type files struct {
	directory string
	uses      *store.Collection[int]  // by file: how many objects and parts it belongs to
	unused    *store.Collection[bool] // by file: those to be removed
}

func newFiles(s *store.Store, directory string) files {
	return files{directory, store.NewCollection[int](s, "s3", "files"), store.NewCollection[bool](s, "s3", "unused-files")}
}

// path spreads the files over 256 directories.
func (f files) path(id string) string { return filepath.Join(f.directory, id[:2], id) }

// write makes a file of what fill writes, and returns its id.
func (f files) write(fill func(io.Writer) error) (id string, err error) {
	id = ids.Hex(32)
	if err := os.MkdirAll(filepath.Dir(f.path(id)), 0o700); err != nil {
		return "", fmt.Errorf("keeping an object's body: %w", err)
	}
	file, err := os.OpenFile(f.path(id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("keeping an object's body: %w", err)
	}
	err = fill(file)
	if closing := file.Close(); err == nil && closing != nil {
		err = fmt.Errorf("keeping an object's body: %w", closing)
	}
	if err != nil {
		return "", errors.Join(err, f.remove(id))
	}
	return id, nil
}

func (f files) remove(id string) error {
	if err := os.Remove(f.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing an object's body: %w", err)
	}
	return nil
}

// hold records that an object or a part has this body.
func (f files) hold(b body) {
	for _, p := range b {
		if p.File != "" {
			uses, _ := f.uses.Get(p.File)
			f.uses.Put(p.File, uses+1)
		}
	}
}

// release records that an object or a part with this body is gone.
func (f files) release(b body) {
	for _, p := range b {
		uses, recorded := f.uses.Get(p.File)
		switch {
		case !recorded:
		case uses > 1:
			f.uses.Put(p.File, uses-1)
		default:
			f.uses.Delete(p.File)
			f.unused.Put(p.File, true)
		}
	}
}

// body is what an object or a part consists of.
type body []piece

// piece is a part of a body: a whole file, or the bytes themselves where another
// service stored them within its own operation.
type piece struct {
	File string
	Data []byte
	Size int64
}

func (b body) size() (total int64) {
	for _, p := range b {
		total += p.Size
	}
	return total
}

// span is a range of bytes.
type span struct{ first, length int64 }

// open returns a range of a body. When the object was deleted meanwhile, the error
// is fs.ErrNotExist.
func (f files) open(b body, part span) (io.ReadCloser, error) {
	opened := &content{}
	var readers []io.Reader
	for _, p := range b {
		skipped := min(part.first, p.Size)
		length := min(part.length, p.Size-skipped)
		part.first, part.length = part.first-skipped, part.length-length
		switch {
		case length == 0:
		case p.File == "":
			readers = append(readers, bytes.NewReader(p.Data[skipped:skipped+length]))
		default:
			file, err := os.Open(f.path(p.File))
			if err != nil {
				return nil, errors.Join(fmt.Errorf("reading an object's body: %w", err), opened.Close())
			}
			opened.files = append(opened.files, file)
			readers = append(readers, io.NewSectionReader(file, skipped, length))
		}
	}
	opened.Reader = io.MultiReader(readers...)
	return opened, nil
}

// content is a body that is being read.
type content struct {
	io.Reader
	files []*os.File
}

// Close closes the files.
func (c *content) Close() error {
	var all error
	for _, file := range c.files {
		all = errors.Join(all, file.Close())
	}
	return all
}
