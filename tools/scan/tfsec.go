package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// finding is one of the scanner's results.
type finding struct {
	Rule        string `json:"long_id"`
	Severity    string `json:"severity"`
	Description string `json:"description"`
	Location    struct {
		Filename string `json:"filename"`
		Line     int    `json:"start_line"`
	} `json:"location"`
}

// place is the finding's file, from the repository's root, and line.
func (f finding) place(dir string) string {
	name, err := filepath.Rel(dir, f.Location.Filename)
	if err != nil {
		name = f.Location.Filename
	}
	return fmt.Sprintf("%s:%d", name, f.Location.Line)
}

// tfsec scans one root module. Its exit code distinguishes findings from failures only
// in part, so that the report decides.
func tfsec(ctx context.Context, scanner, dir, module string) ([]finding, error) {
	command := exec.CommandContext(ctx, scanner, module,
		"--format", "json", "--minimum-severity", "HIGH", "--no-module-downloads", "--no-color")
	command.Dir = dir
	command.Env = append(os.Environ(), "TFSEC_DISABLE_UPDATE_CHECK=1")
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("running the scanner: %w", err)
	}
	var report struct {
		Results *[]finding `json:"results"`
	}
	if parseError := json.Unmarshal(stdout.Bytes(), &report); parseError != nil {
		return nil, fmt.Errorf("scanning %s: %s", module, failure(stderr.String(), parseError))
	}
	if report.Results == nil {
		return nil, nil
	}
	return *report.Results, nil
}

// failure is what the scanner said went wrong.
func failure(said string, otherwise error) string {
	for line := range strings.Lines(said) {
		if text, found := strings.CutPrefix(strings.TrimSpace(line), "Error: "); found {
			return text
		}
	}
	return otherwise.Error()
}
