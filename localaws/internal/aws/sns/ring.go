package sns

import (
	"fmt"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// ringSize is how many messages and deliveries are kept: the oldest go first.
const ringSize = 200

// ring keeps the latest of what only grows: a record for each entry, so that
// adding one costs the same however many there are.
type ring[T any] struct {
	entries *store.Collection[T] // the oldest first
	added   *store.Value[int]    // how many ever were
}

func newRing[T any](records *store.Store, kind string) *ring[T] {
	return &ring[T]{store.NewCollection[T](records, "sns", kind), store.NewValue[int](records, "sns", kind+" count")}
}

func (r *ring[T]) add(entry T) {
	id := func(n int) string { return fmt.Sprintf("%012d", n) }
	n := r.added.Get()
	r.added.Set(n + 1)
	r.entries.Put(id(n), entry)
	r.entries.Delete(id(n - ringSize))
}
