package packaging

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Archive is a packed module.
type Archive struct {
	Version string
	Name    string // of the file
	Content []byte // gzip-compressed tar
	Files   []string
}

// SHA256 is the archive's checksum, in hexadecimal.
func (a *Archive) SHA256() string {
	sum := sha256.Sum256(a.Content)
	return hex.EncodeToString(sum[:])
}

// Pack makes the archive of the module in the tree, which is the repository's
// root, and refuses a module that lacks something. The same tree and the same
// Go release make the same bytes.
func Pack(tree fs.FS, version string) (*Archive, error) {
	return pack(tree, version, Contents())
}

func pack(tree fs.FS, version string, patterns []string) (*Archive, error) {
	if err := CheckVersion(version); err != nil {
		return nil, err
	}
	module, err := Collect(tree, patterns)
	if err != nil {
		return nil, err
	}
	if !module.HasConfiguration(".") {
		return nil, errors.New("no *.tf in the root: is this the module's repository?")
	}
	if err := module.Check(); err != nil {
		return nil, err
	}
	var content bytes.Buffer
	if err := module.Write(&content); err != nil {
		return nil, err
	}
	return &Archive{
		Version: version,
		Name:    "terraform-aws-ecs-" + version + ".tar.gz",
		Content: content.Bytes(),
		Files:   module.Paths,
	}, nil
}

// Write writes the files in order as a gzip-compressed tar, all with the same
// owner, mode and time.
func (m *Module) Write(w io.Writer) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	archive := tar.NewWriter(compressed)
	for _, name := range m.Paths {
		content, err := fs.ReadFile(m.tree, name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg,
			Name:     name,
			Size:     int64(len(content)),
			Mode:     0o644,
			ModTime:  time.Unix(0, 0),
		}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("archiving %s: %w", name, err)
		}
		if _, err := archive.Write(content); err != nil {
			return fmt.Errorf("archiving %s: %w", name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("ending the archive: %w", err)
	}
	if err := compressed.Close(); err != nil {
		return fmt.Errorf("ending the archive: %w", err)
	}
	return nil
}

// Save writes the archive into a directory, which is made if need be, and
// returns its path. An archive of the same name is replaced, never seen half.
func (a *Archive) Save(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the directory of the archive: %w", err)
	}
	path := filepath.Join(dir, a.Name)
	part := path + ".part"
	if err := os.WriteFile(part, a.Content, 0o644); err != nil { //nolint:gosec // an archive is there to be read
		return "", fmt.Errorf("writing the archive: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return "", fmt.Errorf("putting the archive in place: %w", err)
	}
	return path, nil
}
