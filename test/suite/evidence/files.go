package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
)

// Files are the files of a run's reports. They lie beside the work directory,
// which a teardown removes.
type Files struct {
	Root     string // the repository's
	Settings settings.Settings
}

// Path is .work/<what>-<cloud>-<space><extension>.
func (f Files) Path(what, extension string) string {
	return filepath.Join(f.Root, ".work", what+"-"+f.Settings.Cloud+"-"+f.Settings.Space+extension)
}

// WriteReports writes the run as JUnit's XML, as Markdown, also to the summary
// of a job of GitHub Actions, and as HTML.
func (f Files) WriteReports(run report.Run) error {
	var summary []byte
	var failures []error
	for _, kind := range []struct {
		what, extension string
		render          func(io.Writer, report.Run) error
	}{
		{"junit", ".xml", report.WriteJUnit},
		{"report", ".html", report.WriteHTML},
		{"summary", ".md", report.WriteMarkdown},
	} {
		var out bytes.Buffer
		err := kind.render(&out, run)
		if err == nil {
			err = f.Write(kind.what, kind.extension, out.Bytes())
		}
		failures = append(failures, err)
		summary = out.Bytes()
	}
	// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
	if path := f.Settings.StepSummary; path != "" {
		failures = append(failures, appendTo(path, summary))
	}
	return errors.Join(failures...)
}

func appendTo(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("writing GITHUB_STEP_SUMMARY: %w", err)
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing GITHUB_STEP_SUMMARY: %w", err)
	}
	return nil
}

// Write writes a file of the run.
func (f Files) Write(what, extension string, text []byte) error {
	path := f.Path(what, extension)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	return nil
}
