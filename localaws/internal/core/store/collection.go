package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
)

// Collection is the records of one kind, by id.
type Collection[T any] struct {
	store   *Store
	name    string
	entries map[string]*entry[T]
	ids     []string // sorted
	// before are the records that the transaction has marked, as they were
	// when it began: nil where there was none.
	before map[string]*entry[T]
}

// entry is a record with its encoding when it was last committed.
type entry[T any] struct {
	record T
	saved  []byte
}

// NewCollection returns the collection of a kind of records of a service, which
// the store must not have yet. It is empty until the store is loaded.
func NewCollection[T any](s *Store, service, kind string) *Collection[T] {
	c := &Collection[T]{store: s, name: service + "/" + kind}
	c.clear()
	s.register(c.name, c)
	return c
}

// Get returns a record, to be read only.
func (c *Collection[T]) Get(id string) (record T, ok bool) {
	e, ok := c.entries[id]
	if !ok {
		return record, false
	}
	return e.record, true
}

// Has reports whether there is a record with that id.
func (c *Collection[T]) Has(id string) bool {
	_, ok := c.entries[id]
	return ok
}

// Len is the number of records.
func (c *Collection[T]) Len() int { return len(c.entries) }

// Put adds or replaces a record. Of a record that is a pointer and already there
// it says that the record is about to be changed in place.
func (c *Collection[T]) Put(id string, record T) {
	if id == "" {
		panic("store: a record of " + c.name + " has no id")
	}
	c.mark(id)
	if at, found := slices.BinarySearch(c.ids, id); !found {
		c.ids = slices.Insert(c.ids, at, id)
	}
	c.entries[id] = &entry[T]{record: record}
}

// Change returns a record that is about to be changed in place.
func (c *Collection[T]) Change(id string) (record T, ok bool) {
	e, ok := c.entries[id]
	if !ok {
		return record, false
	}
	c.mark(id)
	return e.record, true
}

// Delete removes a record, if there is one.
func (c *Collection[T]) Delete(id string) {
	if _, ok := c.entries[id]; ok {
		c.mark(id)
		c.remove(id)
	}
}

// All yields the records by id. Records may be put and deleted meanwhile: those
// that come after the present one are yielded as they are then.
func (c *Collection[T]) All() iter.Seq2[string, T] { return c.Prefix("") }

// Prefix yields the records whose ids begin with prefix, as All does. It does not
// look at the others.
func (c *Collection[T]) Prefix(prefix string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		i, _ := slices.BinarySearch(c.ids, prefix)
		for i < len(c.ids) && strings.HasPrefix(c.ids[i], prefix) {
			id := c.ids[i]
			if !yield(id, c.entries[id].record) {
				return
			}
			found := i < len(c.ids) && c.ids[i] == id
			if !found {
				i, found = slices.BinarySearch(c.ids, id)
			}
			if found {
				i++
			}
		}
	}
}

// mark remembers a record as it is, when it is the first time in a transaction.
func (c *Collection[T]) mark(id string) {
	if _, marked := c.before[id]; marked {
		return
	}
	if len(c.before) == 0 {
		c.store.touch(c, c.name, id)
	}
	c.before[id] = c.entries[id]
}

func (c *Collection[T]) remove(id string) {
	delete(c.entries, id)
	if at, found := slices.BinarySearch(c.ids, id); found {
		c.ids = slices.Delete(c.ids, at, at+1)
	}
}

func (c *Collection[T]) encode() ([]change, error) {
	var changes []change
	for id, before := range c.before {
		now, there := c.entries[id]
		switch {
		case !there && before != nil:
			changes = append(changes, change{collection: c.name, id: id})
		case there:
			value, err := json.Marshal(now.record)
			if err != nil {
				return nil, fmt.Errorf("encoding %s %q: %w", c.name, id, err)
			}
			if before == nil || !bytes.Equal(value, before.saved) {
				changes = append(changes, change{c.name, id, value})
			}
		}
	}
	return changes, nil
}

func (c *Collection[T]) commit(changes []change) {
	for id, before := range c.before {
		if now, there := c.entries[id]; there && before != nil {
			now.saved = before.saved // unless it changed
		}
	}
	for _, one := range changes {
		if one.value != nil {
			c.entries[one.id].saved = one.value
		}
	}
	clear(c.before)
}

// rollback decodes what was saved into the very records that were there, as
// others may point at them.
func (c *Collection[T]) rollback() {
	for id, before := range c.before {
		if before == nil {
			c.remove(id)
			continue
		}
		if err := before.decode(); err != nil {
			panic(fmt.Sprintf("store: %s %q can't be put back: %v", c.name, id, err)) // it was encoded from the same type
		}
		if at, found := slices.BinarySearch(c.ids, id); !found {
			c.ids = slices.Insert(c.ids, at, id)
		}
		c.entries[id] = before
	}
	clear(c.before)
}

func (c *Collection[T]) verify() {
	for id, e := range c.entries {
		value, err := json.Marshal(e.record)
		if err != nil || !bytes.Equal(value, e.saved) {
			panic(fmt.Sprintf("store: %s %q changed without Put or Change (%v):\nfrom %s\nto   %s", c.name, id, err, e.saved, value))
		}
	}
}

func (c *Collection[T]) clear() {
	c.entries, c.before, c.ids = map[string]*entry[T]{}, map[string]*entry[T]{}, nil
}

func (c *Collection[T]) load(id string, saved []byte) error {
	e := &entry[T]{saved: saved}
	if err := e.decode(); err != nil {
		return err
	}
	c.entries[id] = e
	if at, found := slices.BinarySearch(c.ids, id); !found {
		c.ids = slices.Insert(c.ids, at, id) // at the end: files are sorted too
	}
	return nil
}

func (c *Collection[T]) each(f func(id string, saved []byte) error) error {
	for _, id := range c.ids {
		if err := f(id, c.entries[id].saved); err != nil {
			return err
		}
	}
	return nil
}

// decode makes the record what was saved. A pointer keeps pointing where it did.
func (e *entry[T]) decode() error {
	at := reflect.ValueOf(&e.record).Elem()
	if at.Kind() == reflect.Pointer && !at.IsNil() {
		at = at.Elem()
	}
	at.SetZero()
	return json.Unmarshal(e.saved, &e.record)
}

// Value is a record of which there is one, such as counters.
type Value[T any] struct{ records *Collection[T] }

// valueID is the id of a Value's record.
const valueID = "value"

// NewValue returns a value of a service, which the store must not have yet.
func NewValue[T any](s *Store, service, kind string) *Value[T] {
	return &Value[T]{NewCollection[T](s, service, kind)}
}

// Get returns the value: the zero value until one was set.
func (v *Value[T]) Get() T {
	value, _ := v.records.Get(valueID)
	return value
}

// Set replaces the value. Of a pointer that is already set it says that what it
// points at is about to be changed.
func (v *Value[T]) Set(value T) { v.records.Put(valueID, value) }
