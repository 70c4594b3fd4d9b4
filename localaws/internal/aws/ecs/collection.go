package ecs

import (
	"iter"
	"maps"
	"slices"
)

// collection are the records of one kind by id.
type collection[T any] map[string]T

// Get returns a record to read.
func (c collection[T]) Get(id string) (T, bool) {
	record, ok := c[id]
	return record, ok
}

// Change returns a record to change in place.
func (c collection[T]) Change(id string) (T, bool) { return c.Get(id) }

// Put adds or replaces a record.
func (c collection[T]) Put(id string, record T) { c[id] = record }

// Delete removes a record.
func (c collection[T]) Delete(id string) { delete(c, id) }

// Len is how many records there are.
func (c collection[T]) Len() int { return len(c) }

// All yields the records in the order of their ids.
func (c collection[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, id := range slices.Sorted(maps.Keys(c)) {
			if record, ok := c[id]; ok && !yield(id, record) {
				return
			}
		}
	}
}
