package server

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// residentMiB is the memory that the process has from the system; 0 where the
// system does not tell.
func residentMiB() int {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib >> 10
		}
	}
	return 0
}

// cpuSeconds is the processor time that the process has used, on all cores; 0
// where the system does not tell.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return (time.Duration(usage.Utime.Nano()) + time.Duration(usage.Stime.Nano())).Seconds()
}
