package report

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// shownExplanation is how much of a failure's explanation Markdown shows, in
// bytes: GitHub takes 1 MiB a step. HTML has all of it.
const shownExplanation = 16 << 10

// WriteMarkdown writes a summary for GitHub's job summaries and the like.
func WriteMarkdown(out io.Writer, run Run) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", run.title())
	for _, fact := range run.facts() {
		fmt.Fprintf(&b, "- %s: %s\n", fact[0], cell(fact[1]))
	}
	markdownStages(&b, run)
	markdownTargets(&b, run)
	markdownNotes(&b, run)
	for _, failure := range run.failures() {
		markdownFailure(&b, failure)
	}
	b.WriteString("\n")
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("writing the Markdown summary: %w", err)
	}
	return nil
}

func markdownStages(b *strings.Builder, run Run) {
	header := "\n| test | case | stage | seconds | result | |\n| --- | --- | --- | ---: | --- | --- |\n"
	for _, d := range run.Deployments {
		for _, stage := range d.Stages {
			b.WriteString(header)
			header = ""
			result := stage.Result()
			if stage.Failure != "" {
				result = "**" + result + "**"
			}
			took := fmt.Sprintf("%.0f", stage.Seconds)
			if stage.Skipped != "" {
				took = ""
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", cell(d.Test), cell(d.Case), cell(stage.Name), took, result, cell(stage.Says()))
		}
	}
	if header != "" {
		b.WriteString("\nNo stage ran.\n")
	}
}

func markdownTargets(b *strings.Builder, run Run) {
	header := "\n| test | target group | listener | target | container port | state | healthy after |\n| --- | --- | --- | --- | ---: | --- | ---: |\n"
	for _, d := range run.Deployments {
		for _, t := range d.Targets {
			b.WriteString(header)
			header = ""
			state := strings.TrimSpace(t.State + " " + t.Reason)
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n",
				cell(d.Name()), cell(t.Group), cell(t.Listener), cell(t.Target), portName(t.ContainerPort), cell(state), cell(t.HealthyAfter))
		}
	}
}

func markdownNotes(b *strings.Builder, run Run) {
	var notes []string
	for _, d := range run.Deployments {
		if d.Note != "" {
			notes = append(notes, cell(d.Name())+": "+cell(d.Note))
		}
	}
	for _, warning := range run.Warnings {
		notes = append(notes, "**"+cell(warning)+"**")
	}
	if run.Kept != "" {
		notes = append(notes, "**"+cell(run.Kept)+"**")
	}
	if len(notes) > 0 {
		b.WriteString("\n- " + strings.Join(notes, "\n- ") + "\n")
	}
}

// markdownFailure folds an explanation. In a pre element only HTML counts, and
// it ends at its end tag only, which the escaped text can't have.
func markdownFailure(b *strings.Builder, f failure) {
	text := f.Text
	if len(text) > shownExplanation {
		text = strings.ToValidUTF8(text[:shownExplanation], "") + "\n... the HTML report has the rest"
	}
	fmt.Fprintf(b, "\n<details><summary>%s %s: %s</summary>\n\n<pre>\n%s\n</pre>\n\n</details>\n",
		html.EscapeString(f.Deployment), html.EscapeString(f.Stage), html.EscapeString(f.Headline()), html.EscapeString(text))
}

// markdownSpecial are the characters by which Markdown and its HTML begin
// something within a line.
var markdownSpecial = strings.NewReplacer(
	"\\", "\\\\", "|", "\\|", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "~", "\\~",
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "\r", "", "\n", " ",
)

// cell makes a text safe within a line or a table's cell.
func cell(text string) string { return markdownSpecial.Replace(text) }

// portName is a container port, or that there is none.
func portName(port int32) string {
	if port == 0 {
		return "none"
	}
	return fmt.Sprint(port)
}
