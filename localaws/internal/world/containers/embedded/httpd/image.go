package httpd

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

//go:embed image
var image embed.FS

// Install lays out the image's files below Prefix, and httpd-foreground, over a
// tree that has the programs of a base image.
func Install(files *kernel.Tree) error {
	err := fs.WalkDir(image, "image", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := path.Join(Prefix, strings.TrimPrefix(name, "image"))
		if entry.IsDir() {
			return files.MkdirAll(target, 0o755)
		}
		content, err := image.ReadFile(name)
		if err != nil {
			return err
		}
		return files.WriteFile(target, content, 0o644)
	})
	if err != nil {
		return fmt.Errorf("laying out the httpd image: %w", err)
	}
	for _, directory := range []string{"logs", "cgi-bin", "error", "icons", "include", "man", "modules", "bin", "conf/original"} {
		if err := files.MkdirAll(path.Join(Prefix, directory), 0o755); err != nil {
			return fmt.Errorf("laying out the httpd image: %w", err)
		}
	}
	if err := kernel.InstallProgram(files, Prefix+"/bin/httpd", "httpd"); err != nil {
		return fmt.Errorf("laying out the httpd image: %w", err)
	}
	original, err := image.ReadFile("image/conf/httpd.conf")
	if err != nil {
		return fmt.Errorf("laying out the httpd image: %w", err)
	}
	if err := files.WriteFile(path.Join(Prefix, "conf/original/httpd.conf"), original, 0o644); err != nil {
		return fmt.Errorf("laying out the httpd image: %w", err)
	}
	if err := files.MkdirAll("/usr/local/bin", 0o755); err != nil {
		return fmt.Errorf("laying out the httpd image: %w", err)
	}
	return files.WriteFile("/usr/local/bin/httpd-foreground", []byte(foreground), 0o755)
}

// foreground clears what a killed server left and becomes the server.
const foreground = `#!/bin/sh
set -e
rm -f "$HTTPD_PREFIX/logs/httpd.pid"
exec httpd -DFOREGROUND "$@"
`

// Env is the image's environment.
func Env() map[string]string {
	return map[string]string{
		"PATH":         Prefix + "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HTTPD_PREFIX": Prefix, "HTTPD_VERSION": Version,
	}
}
