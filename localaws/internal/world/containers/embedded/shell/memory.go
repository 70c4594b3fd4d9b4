package shell

import (
	"maps"
	"strconv"
	"sync/atomic"

	"mvdan.cc/sh/v3/expand"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// What things take beside their text, in bytes.
const (
	variableCost  = 128     // a variable, or a function
	elementCost   = 64      // an element of a list
	fieldCost     = 160     // a field that a word is split into
	sourceCost    = 128     // a byte of a script, parsed
	statementCost = 4 << 10 // the stack of a statement within another one
	patternCost   = 256     // a byte of a pattern, compiled
	wildcardCost  = 1 << 10 // a wildcard of a pattern, compiled
)

// holdings are what a shell has charged: what it keeps by name, such as its
// variables, and what its statements need while they run.
type holdings struct {
	p    *kernel.Process
	kept map[string]*share
	// working is what statements need now, and reserved what is charged for it:
	// more, so that not every word asks the kernel.
	working, reserved int
}

// reserve is how much more than needed is charged at a time.
const reserve = 16 << 10

// share is something that a shell and its subshells have in common: it is charged
// once, until the last of them lets go of it.
type share struct {
	memory  *kernel.Memory
	size    int
	holders atomic.Int32
}

// newShare charges; out of memory it ends the process.
func newShare(memory *kernel.Memory, size int) *share {
	if err := memory.Charge(size); err != nil {
		panic(err) // as kernel.Process.Allocate
	}
	s := &share{memory: memory, size: size}
	s.holders.Store(1)
	return s
}

// Close lets go of a here-document.
func (s *share) Close() error {
	s.release()
	return nil
}

func (s *share) release() {
	if s != nil && s.holders.Add(-1) == 0 {
		s.memory.Release(s.size)
	}
}

func newHoldings(p *kernel.Process) holdings { return holdings{p: p, kept: map[string]*share{}} }

// fork returns what a subshell has of it, the here-documents among its files too.
// Its process comes later.
func (h *holdings) fork(files map[int]stream) holdings {
	child := holdings{kept: maps.Clone(h.kept)}
	for number, file := range files {
		if file.text != nil {
			child.kept[fileKey+strconv.Itoa(number)] = file.text
		}
	}
	for _, s := range child.kept {
		s.holders.Add(1)
	}
	return child
}

// end lets go of all that is kept; what else there is goes with the process.
func (h *holdings) end() {
	for _, s := range h.kept {
		s.release()
	}
	clear(h.kept)
}

// keep charges what is kept by a key from now on, instead of what was.
func (h *holdings) keep(key string, size int) {
	s := newShare(h.p.Kernel.Memory, size)
	h.drop(key)
	h.kept[key] = s
}

func (h *holdings) drop(key string) {
	h.kept[key].release()
	delete(h.kept, key)
}

// stash takes what a key stands for aside; restore puts it back.
func (h *holdings) stash(key string) *share {
	s := h.kept[key]
	delete(h.kept, key)
	return s
}

func (h *holdings) restore(key string, s *share) {
	h.drop(key)
	if s != nil {
		h.kept[key] = s
	}
}

// grow charges what a statement needs, until release.
func (h *holdings) grow(size int) {
	h.working += size
	if missing := h.working - h.reserved; missing > 0 {
		h.p.Allocate(missing + reserve)
		h.reserved += missing + reserve
	}
}

// release goes back to what was needed before.
func (h *holdings) release(working int) {
	h.working = working
	if extra := h.reserved - working - reserve; extra > reserve {
		h.p.Free(extra)
		h.reserved -= extra
	}
}

// listSize is what a list of words takes.
func listSize(words []string) int {
	size := 0
	for _, word := range words {
		size += elementCost + len(word)
	}
	return size
}

// hidden is a variable's value that another one hides for a while.
type hidden struct {
	expand.Variable
	share *share
}

// hideVariable takes a variable's value aside, once per scope.
func hideVariable(s *shell, scope map[string]hidden, name string) {
	if _, done := scope[name]; !done {
		scope[name] = hidden{s.vars[name], s.memory.stash(name)}
	}
}

// unhide puts the values of a scope back.
func unhide(s *shell, scope map[string]hidden) {
	for name, value := range scope {
		s.memory.restore(name, value.share)
		if value.IsSet() {
			s.vars[name] = value.Variable
		} else {
			delete(s.vars, name)
		}
	}
}

// keepVariable assigns a variable and charges it.
func keepVariable(s *shell, name string, value expand.Variable) {
	s.memory.keep(name, variableCost+len(name)+len(value.Str))
	s.vars[name] = value
}

func forgetVariable(s *shell, name string) {
	s.memory.drop(name)
	delete(s.vars, name)
}

// Keys of what is kept beside variables, whose names have no colon.
const (
	paramsKey   = "params:"
	functionKey = "function:"
	trapKey     = "trap:"
	fileKey     = "file:"
)

// withParams replaces the positional parameters, which the statement that runs has
// charged, and returns how to put them back.
func withParams(s *shell, params []string) (restore func()) {
	before, kept := s.params, s.memory.stash(paramsKey)
	s.params = params
	return func() {
		s.memory.restore(paramsKey, kept)
		s.params = before
	}
}

// setParams replaces the positional parameters.
func setParams(s *shell, params []string) {
	s.memory.keep(paramsKey, listSize(params))
	s.params = params
}
