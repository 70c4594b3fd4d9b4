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

// files keep the bodies of objects. A file never changes: it is written
// before the transaction that records it, and removed after the one that gives up
// its last use, so that no file is touched under the account's lock.
type files struct {
	directory string
	used      *store.Collection[bool] // by file: those that an object has
	unused    *store.Collection[bool] // by file: those to be removed
}

func newFiles(s *store.Store, directory string) files {
	return files{directory, store.NewCollection[bool](s, "s3", "files"), store.NewCollection[bool](s, "s3", "unused-files")}
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

// hold records that an object has this body.
func (f files) hold(b body) {
	if b.File != "" {
		f.used.Put(b.File, true)
	}
}

// release records that the object with this body is gone.
func (f files) release(b body) {
	if f.used.Has(b.File) {
		f.used.Delete(b.File)
		f.unused.Put(b.File, true)
	}
}

// body is what an object consists of: a file, or the bytes themselves where another
// service stored them within its own operation.
type body struct {
	File string
	Data []byte
	Size int64
}

// open returns a body. When the object was deleted meanwhile, the error is
// fs.ErrNotExist.
func (f files) open(b *body) (io.ReadCloser, error) {
	if b.File == "" {
		return io.NopCloser(bytes.NewReader(b.Data)), nil
	}
	file, err := os.Open(f.path(b.File))
	if err != nil {
		return nil, fmt.Errorf("reading an object's body: %w", err)
	}
	return file, nil
}
