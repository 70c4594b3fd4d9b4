package tfcli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// followPause is how often a file is looked at that another process appends to.
const followPause = 50 * time.Millisecond

// follower reads what is appended to a file, until it is stopped.
type follower struct {
	file    *os.File
	to      io.Writer
	stop    chan struct{}
	reading sync.WaitGroup
	err     error
}

// follow passes on to a writer what is appended to a file from now on.
func follow(path string, to io.Writer) (*follower, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading Terraform's log: %w", err)
	}
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("reading Terraform's log: %w", err)
	}
	f := &follower{file: file, to: to, stop: make(chan struct{})}
	f.reading.Go(f.run)
	return f, nil
}

func (f *follower) run() {
	defer func() { _ = f.file.Close() }()
	tick := time.NewTicker(followPause)
	defer tick.Stop()
	for last := false; ; {
		if _, err := io.Copy(f.to, f.file); err != nil {
			f.err = fmt.Errorf("reading Terraform's log: %w", err)
			return
		}
		if last {
			return
		}
		select {
		case <-f.stop:
			last = true
		case <-tick.C:
		}
	}
}

// close reads to the end of what is there.
func (f *follower) close() error {
	close(f.stop)
	f.reading.Wait()
	return f.err
}
