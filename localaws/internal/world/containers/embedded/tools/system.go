package tools

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

func hostname(_ context.Context, p *kernel.Process) int { return printLine(p, p.Kernel.Hostname) }

func pwd(_ context.Context, p *kernel.Process) int { return printLine(p, p.Dir) }

// Kill is a shell's builtin that sends a signal to processes: kill [-SIGNAL |
// -s SIGNAL] pid... Numbers 0 and -1 are all processes of the container.
func Kill(p *kernel.Process, args []string) int {
	signal := kernel.SIGTERM
	if len(args) > 1 && args[0] == "-s" {
		args = append([]string{"-" + args[1]}, args[2:]...)
	}
	if len(args) > 1 && strings.HasPrefix(args[0], "-") {
		name := args[0][1:]
		number, err := strconv.Atoi(name)
		parsed, known := kernel.ParseSignal(name)
		switch {
		case err == nil && number >= 0 && number < 65:
			signal = kernel.Signal(number)
		case known:
			signal = parsed
		default:
			p.Errorf("%s: kill: %s: invalid signal specification", p.Name(), name)
			return 1
		}
		args = args[1:]
	}
	if len(args) == 0 {
		p.Errorf("%s: kill: usage: kill [-s sigspec | -signum] pid ...", p.Name())
		return 2
	}
	code := 0
	for _, arg := range args {
		if err := signalProcess(p, arg, signal); err != nil {
			p.Errorf("%s: kill: %s", p.Name(), err)
			code = 1
		}
	}
	return code
}

func signalProcess(p *kernel.Process, arg string, signal kernel.Signal) error {
	pid, err := strconv.Atoi(arg)
	if err != nil {
		return fmt.Errorf("illegal pid: %s", arg)
	}
	if pid == 0 || pid == -1 {
		for _, other := range p.Kernel.Processes() {
			other.Signal(signal)
		}
		return nil
	}
	other, ok := p.Kernel.Process(pid)
	if !ok {
		return fmt.Errorf("(%d) - No such process", pid)
	}
	if signal != 0 {
		other.Signal(signal)
	}
	return nil
}
