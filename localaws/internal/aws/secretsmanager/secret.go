package secretsmanager

import (
	"context"
	"regexp"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// secretOperations are those on secrets.
type secretOperations struct{ *records }

func (s *secretOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateSecret", s.createSecret),
		wire.ReadOp("DescribeSecret", s.describeSecret),
		wire.Op("UpdateSecret", s.updateSecret),
		wire.Op("DeleteSecret", s.deleteSecret),
		wire.ReadOp("GetResourcePolicy", s.getResourcePolicy),
		wire.Op("TagResource", s.tagResource),
		wire.Op("UntagResource", s.untagResource),
	}
}

var secretName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

type createSecretInput struct {
	Name               string
	ClientRequestToken string
	Description        string
	KmsKeyId           string
	SecretString       *string
	SecretBinary       []byte
	Tags               []core.Tag
}

type secretOutput struct {
	ARN           string
	Name          string
	VersionId     string
	VersionStages []string
	DeletionDate  time.Time
}

func (s *secretOperations) createSecret(_ context.Context, in *createSecretInput) (*secretOutput, error) {
	if !secretName.MatchString(in.Name) {
		return nil, wire.Errorf("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!: %q", in.Name)
	}
	s.dropGone()
	if old, err := s.secret(in.Name); err == nil {
		if !old.DeleteAt.IsZero() {
			return nil, wire.Errorf("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
		}
		return nil, wire.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", in.Name)
	}
	now := s.account.Clock.Now()
	made := &secret{
		ARN: s.account.ARN("secretsmanager", "secret:"+in.Name+"-"+suffix()), Name: in.Name, Description: in.Description,
		KMSKeyID: in.KmsKeyId, Created: now, Changed: now, Versions: map[string]*version{}, Tags: core.NewTags(in.Tags),
	}
	out := &secretOutput{ARN: made.ARN, Name: made.Name}
	if in.SecretString != nil || in.SecretBinary != nil {
		v, err := s.put(made, in.ClientRequestToken, in.SecretString, in.SecretBinary, []string{stageCurrent})
		if err != nil {
			return nil, err
		}
		out.VersionId = v.ID
	}
	s.secrets.Put(made.ARN, made)
	return out, nil
}

type idInput struct{ SecretId string }

type describeSecretOutput struct {
	ARN                string
	Name               string
	Description        string
	KmsKeyId           string
	LastChangedDate    time.Time
	CreatedDate        time.Time
	DeletedDate        time.Time
	Tags               []core.Tag
	VersionIdsToStages map[string][]string
}

func (s *secretOperations) describeSecret(_ context.Context, in *idInput) (*describeSecretOutput, error) {
	found, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	stages := map[string][]string{}
	for id, v := range found.Versions {
		if len(v.Stages) > 0 {
			stages[id] = v.Stages
		}
	}
	return &describeSecretOutput{
		ARN: found.ARN, Name: found.Name, Description: found.Description, KmsKeyId: found.KMSKeyID, LastChangedDate: found.Changed,
		CreatedDate: found.Created, DeletedDate: found.Deleted, Tags: found.Tags.List(), VersionIdsToStages: stages,
	}, nil
}

type updateSecretInput struct {
	SecretId           string
	ClientRequestToken string
	Description        *string
	KmsKeyId           *string
}

func (s *secretOperations) updateSecret(_ context.Context, in *updateSecretInput) (*secretOutput, error) {
	found, err := s.changeUsable(in.SecretId)
	if err != nil {
		return nil, err
	}
	if in.Description != nil {
		found.Description = *in.Description
	}
	if in.KmsKeyId != nil {
		found.KMSKeyID = *in.KmsKeyId
	}
	found.Changed = s.account.Clock.Now()
	return &secretOutput{ARN: found.ARN, Name: found.Name}, nil
}

type deleteSecretInput struct {
	SecretId                   string
	RecoveryWindowInDays       *int64
	ForceDeleteWithoutRecovery bool
}

// deleteSecret deletes at once, or after the recovery window: 7 to 30 days.
func (s *secretOperations) deleteSecret(_ context.Context, in *deleteSecretInput) (*secretOutput, error) {
	found, err := s.change(in.SecretId)
	if err != nil {
		return nil, err
	}
	days := int64(30)
	if in.RecoveryWindowInDays != nil {
		days = *in.RecoveryWindowInDays
	}
	if in.ForceDeleteWithoutRecovery && in.RecoveryWindowInDays != nil {
		return nil, wire.Errorf("InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	}
	if days < 7 || days > 30 {
		return nil, wire.Errorf("InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive), not %d.", days)
	}
	now := s.account.Clock.Now()
	if in.ForceDeleteWithoutRecovery {
		s.secrets.Delete(found.ARN)
		return &secretOutput{ARN: found.ARN, Name: found.Name, DeletionDate: now}, nil
	}
	if !found.DeleteAt.IsZero() {
		return nil, wire.Errorf("InvalidRequestException", "You can't perform this operation on the secret because it was already scheduled for deletion.")
	}
	found.Deleted = now
	found.DeleteAt = s.account.Clock.In(time.Duration(days) * 24 * time.Hour)
	return &secretOutput{ARN: found.ARN, Name: found.Name, DeletionDate: now.AddDate(0, 0, int(days))}, nil
}

type policyOutput struct{ ARN, Name string }

// getResourcePolicy answers that there is none: Terraform reads it.
func (s *secretOperations) getResourcePolicy(_ context.Context, in *idInput) (*policyOutput, error) {
	found, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	return &policyOutput{ARN: found.ARN, Name: found.Name}, nil
}

type tagInput struct {
	SecretId string
	Tags     []core.Tag
	TagKeys  []string
}

func (s *secretOperations) tagResource(_ context.Context, in *tagInput) (*wire.Empty, error) {
	found, err := s.changeUsable(in.SecretId)
	if err != nil {
		return nil, err
	}
	found.Tags.Put(in.Tags)
	return nil, nil
}

func (s *secretOperations) untagResource(_ context.Context, in *tagInput) (*wire.Empty, error) {
	found, err := s.changeUsable(in.SecretId)
	if err != nil {
		return nil, err
	}
	found.Tags.Remove(in.TagKeys)
	return nil, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *secretOperations) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, one := range s.secrets.All() {
		all = append(all, core.TaggedResource{ARN: one.ARN, Tags: one.Tags})
	}
	return all
}
