package run

// Exit codes of a run's process. `go test` turns each but 0 into 1, and make
// that into 2; a Ctrl-C in a terminal reaches make as well, which ends by it
// once the run has ended, so that the shell sees 130.
const (
	ExitFailed      = 1   // a test, a destroy or a report failed, or nothing was tested
	ExitSettings    = 2   // the environment's settings are refused; nothing was started
	ExitInterrupted = 130 // 128 + SIGINT, as shells say it; all is destroyed unless the last line says what is kept
)
