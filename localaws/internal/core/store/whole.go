package store

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// wholeStates is the collection of states that are kept whole.
const wholeStates = "whole"

// whole is the state of a service without collections: one record, which each
// operation that is not only a read encodes, and writes when it changed. A failed
// operation does not put it back.
type whole struct {
	snapshot func() any
	restore  func(json.RawMessage) error
	saved    []byte
}

// wholes is the table of all that are kept whole, by name.
type wholes map[string]*whole

// KeepWhole keeps the state of a service that has no collections.
func (s *Store) KeepWhole(name string, snapshot func() any, restore func(json.RawMessage) error) {
	if len(s.whole) == 0 {
		s.whole = []table{wholes{}}
		s.register(wholeStates, s.whole[0])
	}
	s.whole[0].(wholes)[name] = &whole{snapshot: snapshot, restore: restore}
}

func (t wholes) encode() ([]change, error) {
	var changes []change
	for name, w := range t {
		value, err := json.Marshal(w.snapshot())
		if err != nil {
			return nil, fmt.Errorf("encoding the state of %s: %w", name, err)
		}
		if !bytes.Equal(value, w.saved) {
			changes = append(changes, change{wholeStates, name, value})
		}
	}
	return changes, nil
}

func (t wholes) commit(changes []change) {
	for _, one := range changes {
		t[one.id].saved = one.value
	}
}

func (t wholes) load(id string, saved []byte) error {
	w, known := t[id]
	if !known {
		return fmt.Errorf("no service is called %s", id)
	}
	w.saved = saved
	return w.restore(saved)
}

func (wholes) rollback()                             {}
func (wholes) verify()                               {}
func (wholes) clear()                                {}
func (wholes) each(func(string, []byte) error) error { return nil }
