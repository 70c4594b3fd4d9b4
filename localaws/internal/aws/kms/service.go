// Package kms is AWS Key Management Service as far as keys and their policies
// go. Nothing is encrypted: other services ask whether they might use a key.
//
// API: https://docs.aws.amazon.com/kms/latest/APIReference/.
package kms

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Service is KMS. Its methods are called with the account's lock held.
type Service struct {
	account *core.Account
	keys    *store.Collection[*key] // by id
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
	return &Service{account: a, keys: store.NewCollection[*key](a.Records, "kms", "keys")}
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "kms", Protocol: wire.JSON11, TargetPrefix: "TrentService",
		Operations: []wire.Operation{
			wire.Op("CreateKey", s.createKey),
			wire.ReadOp("DescribeKey", s.describeKey),
			wire.ReadOp("ListKeys", s.listKeys),
			wire.Op("UpdateKeyDescription", s.updateKeyDescription),
			wire.Op("EnableKey", s.enableKey),
			wire.Op("DisableKey", s.disableKey),
			wire.Op("ScheduleKeyDeletion", s.scheduleKeyDeletion),
			wire.Op("CancelKeyDeletion", s.cancelKeyDeletion),
			wire.ReadOp("GetKeyPolicy", s.getKeyPolicy),
			wire.Op("PutKeyPolicy", s.putKeyPolicy),
			wire.ReadOp("GetKeyRotationStatus", s.getKeyRotationStatus),
			wire.Op("EnableKeyRotation", s.enableKeyRotation),
			wire.Op("DisableKeyRotation", s.disableKeyRotation),
			wire.ReadOp("ListResourceTags", s.listResourceTags),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
		},
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

func (s *Service) arn(k *key) string { return s.account.ARN("kms", "key/"+k.ID) }

// key finds one by its id or ARN.
func (s *Service) key(idOrARN string) (*key, error) {
	id := idOrARN
	if strings.HasPrefix(id, "arn:") {
		id = strings.TrimPrefix(id, s.account.ARN("kms", "key/"))
	}
	k, ok := s.keys.Get(id)
	switch {
	case ok:
		return k, nil
	case strings.HasPrefix(idOrARN, "alias/"):
		return nil, wire.Errorf("NotFoundException", "Alias %s is not found.", s.account.ARN("kms", idOrARN))
	}
	return nil, wire.Errorf("NotFoundException", "Key '%s' does not exist", s.account.ARN("kms", "key/"+id))
}

// change finds a key that is about to be changed.
func (s *Service) change(idOrARN string) (*key, error) {
	k, err := s.key(idOrARN)
	if err == nil {
		s.keys.Change(k.ID)
	}
	return k, err
}

// changeLive finds a key that is about to be changed and is not being deleted.
func (s *Service) changeLive(idOrARN string) (*key, error) {
	k, err := s.change(idOrARN)
	if err == nil && k.State == statePending {
		return nil, wire.Errorf("KMSInvalidStateException", "%s is pending deletion.", s.arn(k))
	}
	return k, err
}
