// Package cloudinit reads an instance's user data as cloud-init does: shell
// scripts, #cloud-config, and both in MIME parts, each also gzipped.
// https://docs.cloud-init.io/en/latest/explanation/format.html
package cloudinit

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

// MaxSize bounds what user data may unpack to, in bytes.
const MaxSize = 1 << 20

// maxParts bounds the parts of a MIME message, nested ones included.
const maxParts = 64

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

// Parse reads user data. It never fails: as on an instance, what is wrong with a
// part is a warning, and the other parts count.
func Parse(userData []byte) *Config {
	c := &Config{}
	r := &reader{config: c, left: maxParts}
	r.part(userData, "", "part-001")
	return c
}

type reader struct {
	config *Config
	left   int
}

func (r *reader) warn(format string, values ...any) {
	r.config.Warnings = append(r.config.Warnings, fmt.Sprintf(format, values...))
}

// part reads one part. Its kind is in its first line; the MIME type counts where
// that says nothing.
func (r *reader) part(data []byte, mimeType, name string) {
	if r.left--; r.left < 0 {
		r.warn("user data has more than %d parts; the rest is ignored", maxParts)
		return
	}
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
	case first == "#cloud-config" || mimeType == "text/cloud-config":
		r.cloudConfig([]byte(text), name)
	case strings.HasPrefix(first, "#cloud-boothook") || mimeType == "text/cloud-boothook":
		r.config.Boot = append(r.config.Boot, Command{Line: strings.TrimPrefix(text, first)})
	case mimeType == "text/x-shellscript":
		r.config.Scripts = append(r.config.Scripts, Script{Name: name, Content: []byte("#!/bin/sh\n" + text)})
	case strings.HasPrefix(first, "#"):
		r.warn("%s: user data that begins with %q is not supported by localaws", name, shorten(first))
	case looksLikeMIME(text):
		r.message(text, name)
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

func looksLikeMIME(text string) bool {
	head, _, _ := strings.Cut(strings.ToLower(text), "\n\n")
	return strings.HasPrefix(head, "content-type:") || strings.HasPrefix(head, "mime-version:") ||
		strings.Contains(head, "\ncontent-type:")
}

// message reads a MIME message, of one part or several.
func (r *reader) message(text, name string) {
	message, err := mail.ReadMessage(strings.NewReader(strings.ReplaceAll(text, "\r\n", "\n")))
	if err != nil {
		r.warn("%s: malformed MIME message: %s", name, err)
		return
	}
	r.body(message.Body, textproto.MIMEHeader(message.Header), name)
}

func (r *reader) body(body io.Reader, header textproto.MIMEHeader, name string) {
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for i := 1; ; i++ {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil || r.left <= 0 {
				r.warn("%s: malformed multipart message: %v", name, err)
				return
			}
			inner := p.FileName()
			if inner == "" {
				inner = fmt.Sprintf("part-%03d", i)
			}
			r.body(p, p.Header, strings.ReplaceAll(inner, "/", "_"))
		}
	}
	data, err := io.ReadAll(io.LimitReader(decoded(body, header), MaxSize+1))
	if err != nil {
		r.warn("%s: %s", name, err)
		return
	}
	r.part(data, kind, name)
}

func decoded(body io.Reader, header textproto.MIMEHeader) io.Reader {
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}
