package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// maxFaults bounds the body that sets the faults.
const maxFaults = 1 << 20

// faults are the refusals that a test asked for.
type faults struct {
	mu  sync.Mutex
	all []client.Fault
}

// list returns the faults with what they have done so far.
func (f *faults) list() []client.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]client.Fault{}, f.all...)
}

// next counts a call, and returns the refusal of the first fault that it is
// due for, or nil.
func (f *faults) next(service, operation string) *wire.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.all {
		fault := &f.all[i]
		if !concerns(fault, service, operation) {
			continue
		}
		fault.Calls++
		if fault.Times > 0 && fault.Refused >= fault.Times || fault.Every > 1 && fault.Calls%fault.Every != 0 {
			continue
		}
		fault.Refused++
		return &wire.Error{Code: fault.Code, Message: fault.Message, Status: fault.Status}
	}
	return nil
}

func concerns(f *client.Fault, service, operation string) bool {
	return (len(f.Services) == 0 || slices.Contains(f.Services, service)) && (f.Operation == "" || f.Operation == operation)
}

// answerSetFaults replaces all faults by those of the body.
func (s *Server) answerSetFaults(w http.ResponseWriter, r *http.Request) {
	var all []client.Fault
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxFaults))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		http.Error(w, fmt.Sprintf("the body is not a list of faults: %v", err), http.StatusBadRequest)
		return
	}
	for i := range all {
		if err := checkFault(&all[i]); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		all[i].Calls, all[i].Refused = 0, 0
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.all = all
	w.WriteHeader(http.StatusNoContent)
}

func checkFault(f *client.Fault) error {
	switch {
	case f.Code == "":
		return errors.New("a fault needs a Code, such as Throttling")
	case f.Times < 0 || f.Every < 0:
		return fmt.Errorf("the fault %s: Times and Every must be at least 0", f.Code)
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("the fault %s: Status %d must be from 400 to 599, or 0 for 400", f.Code, f.Status)
	}
	return nil
}
