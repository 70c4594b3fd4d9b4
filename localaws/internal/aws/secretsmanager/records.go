package secretsmanager

import (
	"bytes"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// records are the secrets that Secrets Manager keeps, and how they are found.
type records struct {
	account *core.Account
	secrets *store.Collection[*secret] // by ARN
}

func newRecords(a *core.Account) *records {
	return &records{account: a, secrets: store.NewCollection[*secret](a.Records, "secretsmanager", "secrets")}
}

// secret finds a secret by its name, its ARN, or its ARN without the random
// characters. Secrets whose recovery window is over are gone.
func (s *records) secret(id string) (*secret, error) {
	for _, one := range s.secrets.All() {
		if s.gone(one) {
			continue
		}
		if one.ARN == id || one.Name == id || strings.TrimSuffix(one.ARN, one.ARN[len(one.ARN)-7:]) == id {
			return one, nil
		}
	}
	return nil, wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret: %s", id)
}

// gone reports whether a secret's recovery window is over.
func (s *records) gone(one *secret) bool {
	return !one.DeleteAt.IsZero() && s.account.Clock.Now().After(one.DeleteAt)
}

// dropGone deletes the secrets whose recovery window is over.
func (s *records) dropGone() {
	for arn, one := range s.secrets.All() {
		if s.gone(one) {
			s.secrets.Delete(arn)
		}
	}
}

// change finds a secret that is about to be changed.
func (s *records) change(id string) (*secret, error) {
	found, err := s.secret(id)
	if err == nil {
		s.secrets.Change(found.ARN)
	}
	return found, err
}

// changeUsable finds a secret that is about to be changed, and not about to be
// deleted.
func (s *records) changeUsable(id string) (*secret, error) {
	found, err := s.usable(id)
	if err == nil {
		s.secrets.Change(found.ARN)
	}
	return found, err
}

// usable finds a secret that is not about to be deleted.
func (s *records) usable(id string) (*secret, error) {
	found, err := s.secret(id)
	if err != nil {
		return nil, err
	}
	if !found.DeleteAt.IsZero() {
		return nil, wire.Errorf("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	return found, nil
}

// put makes a version. The token is its id: the same token with the same value
// is the same request again.
func (s *records) put(to *secret, token string, text *string, binary []byte, stages []string) (*version, error) {
	if (text == nil) == (binary == nil) {
		return nil, wire.Errorf("InvalidParameterException", "Give either SecretString or SecretBinary.")
	}
	v := &version{ID: token, String: text, Binary: binary, Created: s.account.Clock.Now()}
	if token == "" {
		v.ID = ids.UUID()
	}
	if old := to.Versions[v.ID]; old != nil {
		if !bytes.Equal(old.Binary, binary) || (old.String == nil) != (text == nil) || (text != nil && *old.String != *text) {
			return nil, wire.Errorf("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", token, to.ARN)
		}
		return old, nil
	}
	to.Versions[v.ID] = v
	for _, stage := range stages {
		to.move(stage, v)
	}
	to.Changed = v.Created
	to.forget()
	return v, nil
}
