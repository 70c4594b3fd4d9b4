// Package progress shows what a run is doing: one line a stage. On a terminal
// the lines of the stages under way move; elsewhere each stage is a line when
// it begins and one when it ends.
package progress

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// redraw is how often the moving lines are drawn anew.
const redraw = 200 * time.Millisecond

// Display writes the lines. All its methods may be called at the same time.
type Display struct {
	mu     sync.Mutex
	out    io.Writer
	moving bool
	color  bool
	width  func() int
	active []*Task
	drawn  int // moving lines that are on the screen now
	stop   context.CancelFunc
	ended  chan struct{}
}

// Options say how a display draws.
type Options struct {
	Moving bool // the output is a terminal
	Color  bool
	Width  func() int // of the terminal, in columns; nil: 100
}

// OptionsFor returns what fits a file: lines move on terminals, colors obey
// https://no-color.org.
func OptionsFor(file *os.File, getenv func(string) string) Options {
	if columns(file) == 0 || getenv("TERM") == "dumb" || getenv("CI") != "" {
		return Options{}
	}
	return Options{
		Moving: true,
		Color:  getenv("NO_COLOR") == "",
		Width:  func() int { return max(columns(file), minWidth) },
	}
}

// minWidth is that of the narrowest terminal whose lines are not cut further.
const minWidth = 20

// columns is the width of a terminal, 0 of what is none. A terminal that does
// not know its width has 100.
func columns(file *os.File) int {
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	switch {
	case err != nil:
		return 0
	case size.Col == 0:
		return 100
	}
	return int(size.Col)
}

// New returns a display on out. Close it.
func New(out io.Writer, options Options) *Display {
	d := &Display{out: out, moving: options.Moving, color: options.Color, width: options.Width, ended: make(chan struct{})}
	if d.width == nil {
		d.width = func() int { return 100 }
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	go d.run(ctx)
	return d
}

func (d *Display) run(ctx context.Context) {
	defer close(d.ended)
	if !d.moving {
		return
	}
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.mu.Lock()
			d.erase()
			d.draw()
			d.mu.Unlock()
		}
	}
}

// Close removes the moving lines and ends the display's own work. Lines can
// still be printed.
func (d *Display) Close() {
	d.stop()
	<-d.ended
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	d.active = nil
}

// Task is a stage under way.
type Task struct {
	display *Display
	stage   string
	name    string
	detail  string
	began   time.Time
}

// Start begins the line of a stage: stage is such as "deploy", name such as
// "aws-6".
func (d *Display) Start(stage, name string) *Task {
	d.mu.Lock()
	defer d.mu.Unlock()
	task := &Task{display: d, stage: stage, name: name, began: time.Now()}
	d.active = append(d.active, task)
	if d.moving {
		d.erase()
		d.draw()
	} else {
		d.print(task.line("began", detailWidth))
	}
	return task
}

// Detail sets what the line says of the stage's progress.
func (t *Task) Detail(format string, args ...any) {
	t.display.mu.Lock()
	defer t.display.mu.Unlock()
	t.detail = fmt.Sprintf(format, args...)
}

// Done ends the stage well, Failed badly; the line stays. Both return how long
// the stage took.
func (t *Task) Done(format string, args ...any) time.Duration {
	return t.end("\x1b[32m", "done", fmt.Sprintf(format, args...))
}

// Failed is described at Done.
func (t *Task) Failed(format string, args ...any) time.Duration {
	return t.end("\x1b[31m", "FAILED", fmt.Sprintf(format, args...))
}

func (t *Task) end(color, word, detail string) time.Duration {
	d := t.display
	d.mu.Lock()
	defer d.mu.Unlock()
	took := time.Since(t.began)
	for i, task := range d.active {
		if task == t {
			d.active = append(d.active[:i], d.active[i+1:]...)
			break
		}
	}
	t.detail = detail
	if d.color {
		word = color + word + "\x1b[0m"
	}
	d.erase()
	d.print(fmt.Sprintf("%s  %s", t.line("", detailWidth), word))
	d.draw()
	return took
}

// Print writes lines above the moving ones.
func (d *Display) Print(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	d.print(text)
	d.draw()
}

// Warn writes a line that should be seen.
func (d *Display) Warn(text string) {
	if d.color {
		text = "\x1b[1;33m" + text + "\x1b[0m"
	}
	d.Print(text)
}

func (d *Display) print(text string) { _, _ = fmt.Fprintln(d.out, strings.TrimRight(text, "\n")) }

// erase takes the moving lines off the screen; draw puts them on.
func (d *Display) erase() {
	if d.drawn > 0 {
		_, _ = fmt.Fprintf(d.out, "\x1b[%dA\x1b[J", d.drawn)
		d.drawn = 0
	}
}

func (d *Display) draw() {
	if !d.moving {
		return
	}
	width := d.width() - 1
	for _, task := range d.active {
		line := []rune(task.line("...", min(detailWidth, max(width-aroundDetail, 0))))
		if len(line) > width {
			line = line[:width]
		}
		_, _ = fmt.Fprintln(d.out, string(line))
		d.drawn++
	}
}

// Columns of a line: its detail, and all the rest of a moving one.
const (
	detailWidth  = 44
	aroundDetail = 46
)

// line is the stage's line: what, of which deployment, how far, how long. How far
// has at least so many columns, and when the line moves, no more, so that how
// long is seen.
func (t *Task) line(state string, columns int) string {
	line := fmt.Sprintf("%-12s %-20s", t.stage, t.name)
	if state == "began" {
		return line + " ..."
	}
	detail := []rune(t.detail)
	if state == "..." && len(detail) > columns {
		detail = detail[:columns]
	}
	line += fmt.Sprintf(" %-*s %4.0f s", columns, string(detail), time.Since(t.began).Seconds())
	if state != "" {
		line += " " + state
	}
	return line
}
