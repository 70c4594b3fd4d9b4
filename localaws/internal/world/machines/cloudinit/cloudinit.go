// Package cloudinit reads an instance's user data as cloud-init does: a shell
// script, a boot hook, or #cloud-config, each also gzipped.
// https://docs.cloud-init.io/en/latest/explanation/format.html
package cloudinit

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// MaxSize bounds what user data may unpack to, in bytes.
const MaxSize = 1 << 20

// Config is what user data asks for.
type Config struct {
	Hostname string
	Files    []File
	Users    []User // made after the files are written
	// Boot are commands for every boot, before anything else; Run are for the
	// first boot, after the files are written.
	Boot, Run []Command
	// Scripts are "#!" scripts, run after Run.
	Scripts []Script
	// Warnings say what was not understood or has no effect here. cloud-init
	// writes such things to its log, and goes on.
	Warnings []string
}

// File is an entry of write_files.
type File struct {
	Path    string
	Content []byte
	Mode    fs.FileMode
	Append  bool
}

// Command is an entry of runcmd: words to run, or one line for the shell.
type Command struct {
	Words []string
	Line  string // when Words is empty
}

// Script is a "#!" script.
type Script struct {
	Name    string
	Content []byte
}

// name is what cloud-init calls user data of one part.
const name = "part-001"

// Parse reads user data. It never fails: as on an instance, what is wrong with it
// is a warning.
func Parse(userData []byte) *Config {
	r := &reader{config: &Config{}}
	r.read(userData)
	return r.config
}

type reader struct{ config *Config }

func (r *reader) warn(format string, values ...any) {
	r.config.Warnings = append(r.config.Warnings, fmt.Sprintf(format, values...))
}

// read reads user data, whose kind is in its first line.
func (r *reader) read(data []byte) {
	data, err := unzip(data)
	if err != nil {
		r.warn("%s: %s", name, err)
		return
	}
	text := strings.TrimLeft(string(data), " \t\r\n")
	first, _, _ := strings.Cut(text, "\n")
	first = strings.TrimSpace(first)
	switch {
	case text == "":
	case strings.HasPrefix(first, "#!"):
		r.config.Scripts = append(r.config.Scripts, Script{Name: name, Content: []byte(strings.ReplaceAll(text, "\r\n", "\n"))})
	case first == "#cloud-config":
		r.cloudConfig([]byte(text))
	case strings.HasPrefix(first, "#cloud-boothook"):
		r.config.Boot = append(r.config.Boot, Command{Line: strings.TrimPrefix(text, first)})
	case strings.HasPrefix(first, "#"):
		r.warn("%s: user data that begins with %q is not supported by localaws", name, shorten(first))
	default:
		r.warn("%s: unhandled non-multipart (text/x-not-multipart) userdata: %q", name, shorten(first))
	}
}

func shorten(text string) string {
	if len(text) > 60 {
		return text[:60] + "..."
	}
	return text
}

func unzip(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		if len(data) > MaxSize {
			return nil, fmt.Errorf("user data is longer than %d bytes", MaxSize)
		}
		return data, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpacking gzip: %w", err)
	}
	data, err = io.ReadAll(io.LimitReader(z, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking gzip: %w", err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("user data unpacks to more than %d bytes", MaxSize)
	}
	return data, nil
}
