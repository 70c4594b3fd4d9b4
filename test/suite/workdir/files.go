package workdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrDamaged marks a file that is not JSON, because its writer was killed.
var ErrDamaged = errors.New("damaged")

// ReadJSON reads a file. A missing one is fs.ErrNotExist, one that is not JSON
// ErrDamaged.
func ReadJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", Short(path), err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s is %w: %w", Short(path), ErrDamaged, err)
	}
	return nil
}

// WriteJSON replaces a file whole, so that an interrupt leaves none half written.
func WriteJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", Short(path), err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", Short(path), err)
	}
	part := path + ".part"
	if err := os.WriteFile(part, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", Short(path), err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("writing %s: %w", Short(path), err)
	}
	return nil
}

// Short names a path from the repository's root, as a user would.
func Short(path string) string {
	root, err := Root()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(root, path)
	if err != nil || strings.HasPrefix(relative, "..") {
		return path
	}
	return relative
}

// Root returns the repository's root: the nearest directory upwards of the
// working directory that has go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working directory: %w", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not inside the repository: no go.mod above it", dir)
		}
	}
}
