package s3

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// blobs keeps bodies by id: in files, or in memory.
type blobs struct {
	directory string
	memory    map[string][]byte
}

func newBlobs(directory string) blobs {
	return blobs{directory: directory, memory: map[string][]byte{}}
}

// put keeps a body and returns its id.
func (b blobs) put(body []byte) (id string, err error) {
	id = ids.Hex(32)
	if b.directory == "" {
		b.memory[id] = body
		return id, nil
	}
	path := b.path(id)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("keeping an object's body: %w", err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return "", fmt.Errorf("keeping an object's body: %w", err)
	}
	return id, nil
}

func (b blobs) get(id string) ([]byte, error) {
	if b.directory == "" {
		return b.memory[id], nil
	}
	body, err := os.ReadFile(b.path(id))
	if err != nil {
		return nil, fmt.Errorf("reading an object's body: %w", err)
	}
	return body, nil
}

func (b blobs) remove(id string) error {
	delete(b.memory, id)
	if b.directory == "" || id == "" {
		return nil
	}
	if err := os.Remove(b.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing an object's body: %w", err)
	}
	return nil
}

// path spreads the files over 256 directories.
func (b blobs) path(id string) string { return filepath.Join(b.directory, id[:2], id) }
