// Package kms is AWS Key Management Service as far as keys and their policies
// go. Nothing is encrypted: other services ask whether they might use a key.
//
// API: https://docs.aws.amazon.com/kms/latest/APIReference/.
package kms

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Service is KMS. Its methods are called with the account's lock held.
type Service struct {
	*records
	*keyOperations
	operations []wire.Operation
}

// key is a customer managed key for symmetric encryption.
type key struct {
	ID           string
	Description  string
	Policy       string
	State        string
	MultiRegion  bool
	RotationDays int32 // 0: it is not rotated
	Created      time.Time
	DeleteAt     time.Time // of a key that is PendingDeletion
	Tags         core.Tags
}

// The states of keys.
const (
	stateEnabled  = "Enabled"
	stateDisabled = "Disabled"
	statePending  = "PendingDeletion"
)

// New returns a KMS without keys.
func New(a *core.Account) *Service {
	r := newRecords(a)
	keys := &keyOperations{r}
	return &Service{r, keys, slices.Concat(keys.operations(), (&settingOperations{r}).operations())}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "kms", Protocol: wire.JSON11, TargetPrefix: "TrentService",
		Check:      Refusals.Refuse("ValidationException"),
		Operations: s.operations,
	}
}

// Resources is the number of keys. Those whose deletion is scheduled are gone
// for whoever made them.
func (s *Service) Resources() map[string]int {
	kept := 0
	for _, k := range s.keys.All() {
		if k.State != statePending {
			kept++
		}
	}
	return map[string]int{"keys": kept}
}

// Run deletes keys when their time has come, until ctx is done.
func (s *Service) Run(ctx context.Context) {
	s.account.Reconcile(ctx, func() (again time.Time) {
		now := s.account.Clock.Now()
		for id, k := range s.keys.All() {
			switch {
			case k.State != statePending:
			case !k.DeleteAt.After(now):
				s.keys.Delete(id)
			case again.IsZero() || k.DeleteAt.Before(again):
				again = k.DeleteAt
			}
		}
		return again
	})
}

// Usable says why a service, such as logs.us-west-2.amazonaws.com, can't encrypt
// by a key; nil when it can. The context is what it encrypts, by name.
func (s *Service) Usable(keyARN, service string, encryptionContext map[string]string) error {
	k, err := s.key(keyARN)
	if err != nil {
		return err
	}
	if k.State != stateEnabled {
		return fmt.Errorf("the key %s is %s", keyARN, k.State)
	}
	d, err := policy.Parse(k.Policy)
	if err != nil {
		return err
	}
	keys := policy.NewContext(map[string]string{"aws:SourceAccount": s.account.ID})
	for name, value := range encryptionContext {
		keys.Set("kms:EncryptionContext:"+name, value)
	}
	who := policy.Principals{policy.Service: {service}}
	for _, action := range []string{"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"} {
		if d.Decide(policy.Request{Principals: who, Action: action, Resource: s.arn(k), Context: keys}) != policy.Allowed {
			return fmt.Errorf("the policy of the key %s does not let %s call %s", keyARN, service, action)
		}
	}
	return nil
}
