package kernel

import "strings"

// Signal is a Unix signal by its number on Linux.
type Signal int

// The signals that programs here use.
const (
	SIGHUP   Signal = 1
	SIGINT   Signal = 2
	SIGQUIT  Signal = 3
	SIGKILL  Signal = 9
	SIGUSR1  Signal = 10
	SIGUSR2  Signal = 12
	SIGPIPE  Signal = 13
	SIGALRM  Signal = 14
	SIGTERM  Signal = 15
	SIGCHLD  Signal = 17
	SIGCONT  Signal = 18
	SIGSTOP  Signal = 19
	SIGWINCH Signal = 28
)

var signalNames = map[string]Signal{
	"HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "KILL": SIGKILL,
	"USR1": SIGUSR1, "USR2": SIGUSR2, "PIPE": SIGPIPE, "ALRM": SIGALRM,
	"TERM": SIGTERM, "CHLD": SIGCHLD, "CONT": SIGCONT, "STOP": SIGSTOP,
	"WINCH": SIGWINCH,
}

// ParseSignal reads a signal's name with or without SIG, in any case.
func ParseSignal(name string) (Signal, bool) {
	signal, ok := signalNames[strings.TrimPrefix(strings.ToUpper(name), "SIG")]
	return signal, ok
}

// ignoredByDefault reports whether a process without a handler lives on.
func (s Signal) ignoredByDefault() bool {
	return s == SIGCHLD || s == SIGCONT || s == SIGWINCH
}
