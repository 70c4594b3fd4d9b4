// Package core is the AWS account that the services of localaws share: its
// number, region and clock, the records of all of them, the lock that guards
// these, and the signal that something changed.
//
// Services have no locks of their own. Every API call runs inside View or
// Update, and every read or write of the data plane inside Do: one lock means
// that services may call each other freely, that no lock order exists, and that
// what one call changes is written together. Nothing may block (dial, sleep,
// wait) while it holds the lock.
package core

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// DefaultID is the account number, one that documentation uses, so that it
// can't be anyone's.
const DefaultID = "123456789012"

// Account is what all services share.
type Account struct {
	ID        string
	Region    string
	Partition string
	Clock     clock.Clock
	Log       *slog.Logger
	// Records are the state of all services.
	Records *store.Store

	mu       sync.Mutex
	watchMu  sync.Mutex
	watchers map[chan struct{}]struct{}
}

// New returns an account in that region. The partition follows from the region.
func New(region string, c clock.Clock, log *slog.Logger) *Account {
	return &Account{
		ID:        DefaultID,
		Region:    region,
		Partition: partition(region),
		Clock:     c,
		Log:       log,
		Records:   store.New(),
		watchers:  map[chan struct{}]struct{}{},
	}
}

// View runs f, which only reads, under the account's lock.
func (a *Account) View(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Records.View(f)
}

// Update runs an operation under the account's lock. When f fails or panics, all
// records are as they were before. Otherwise it tells the watchers, and returns
// when what f changed would outlive a kill of the process.
func (a *Account) Update(ctx context.Context, f func() error) error {
	written, err := a.update(f)
	if err != nil {
		return err
	}
	a.Changed()
	return written.Wait(ctx)
}

func (a *Account) update(f func() error) (*store.Write, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, written, err := a.Records.Update(f)
	return written, err
}

// Do runs a step of what goes on by itself under the account's lock: f reads, or
// takes the records forward. What it changed is told to the watchers, and will be
// written: before anything that Update writes later, but Do doesn't wait for it.
// f must not block and must not call Do.
func (a *Account) Do(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	changed, err := a.Records.Step(f)
	if err != nil {
		panic(err) // of a record that no JSON can be
	}
	if changed {
		a.Changed()
	}
}

// Changed tells all watchers that state changed. It may be called with or
// without the lock.
func (a *Account) Changed() {
	a.watchMu.Lock()
	defer a.watchMu.Unlock()
	for w := range a.watchers {
		select {
		case w <- struct{}{}:
		default: // it has not looked since the last change, and will see both
		}
	}
}

// Watch returns a channel that receives after changes (several may come as
// one), and a function that ends the watching.
func (a *Account) Watch() (changes <-chan struct{}, stop func()) {
	w := make(chan struct{}, 1)
	a.watchMu.Lock()
	defer a.watchMu.Unlock()
	a.watchers[w] = struct{}{}
	return w, func() {
		a.watchMu.Lock()
		defer a.watchMu.Unlock()
		delete(a.watchers, w)
	}
}

// ARN names a resource of this account and region.
func (a *Account) ARN(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", a.Partition, service, a.Region, a.ID, resource)
}

// GlobalARN names a resource of a service without regions, such as IAM.
func (a *Account) GlobalARN(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s::%s:%s", a.Partition, service, a.ID, resource)
}

// DNSSuffix is the domain of the partition's endpoints: amazonaws.com, or with
// .cn behind it in China.
func (a *Account) DNSSuffix() string {
	if a.Partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// Zones are the names of the region's Availability Zones.
func (a *Account) Zones() []string {
	return []string{a.Region + "a", a.Region + "b", a.Region + "c"}
}

func partition(region string) string {
	switch {
	case len(region) > 7 && region[:7] == "us-gov-":
		return "aws-us-gov"
	case len(region) > 3 && region[:3] == "cn-":
		return "aws-cn"
	}
	return "aws"
}
