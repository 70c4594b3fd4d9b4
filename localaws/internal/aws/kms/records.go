package kms

import (
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// records are the keys that KMS keeps, and how they are found.
type records struct {
	account *core.Account
	keys    *store.Collection[*key] // by id
}

func newRecords(a *core.Account) *records {
	return &records{account: a, keys: store.NewCollection[*key](a.Records, "kms", "keys")}
}

func (s *records) root() string { return s.account.GlobalARN("iam", "root") }

// checkPolicy refuses an invalid policy, and one that no principal of the account could
// change again.
func (s *records) checkPolicy(document string, bypass bool) error {
	d, err := policy.Parse(document)
	if err == nil {
		err = d.CheckResource("kms", func(string) bool { return true })
	}
	if err != nil {
		return wire.Errorf("MalformedPolicyDocumentException", "%v", err)
	}
	administrator := policy.Request{
		Principals: policy.Principals{policy.AWS: {s.root(), s.account.ID}}, Action: "kms:PutKeyPolicy", Resource: "*",
		Context: policy.NewContext(map[string]string{"aws:PrincipalAccount": s.account.ID}),
	}
	if !bypass && d.Decide(administrator) != policy.Allowed {
		return wire.Errorf("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

func (s *records) arn(k *key) string { return s.account.ARN("kms", "key/"+k.ID) }

// key finds one by its id or ARN.
func (s *records) key(idOrARN string) (*key, error) {
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
func (s *records) change(idOrARN string) (*key, error) {
	k, err := s.key(idOrARN)
	if err == nil {
		s.keys.Change(k.ID)
	}
	return k, err
}

// changeLive finds a key that is about to be changed and is not being deleted.
func (s *records) changeLive(idOrARN string) (*key, error) {
	k, err := s.change(idOrARN)
	if err == nil && k.State == statePending {
		return nil, wire.Errorf("KMSInvalidStateException", "%s is pending deletion.", s.arn(k))
	}
	return k, err
}
