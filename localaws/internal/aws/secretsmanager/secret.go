package secretsmanager

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
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
		wire.Op("RestoreSecret", s.restoreSecret),
		wire.ReadOp("ListSecrets", s.listSecrets),
		wire.Op("PutResourcePolicy", s.putResourcePolicy),
		wire.ReadOp("GetResourcePolicy", s.getResourcePolicy),
		wire.Op("DeleteResourcePolicy", s.deleteResourcePolicy),
		wire.Op("TagResource", s.tagResource),
		wire.Op("UntagResource", s.untagResource),
	}
}

var secretName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

type createSecretInput struct {
	Name                        string
	ClientRequestToken          string
	Description                 string
	KmsKeyId                    string
	SecretString                *string
	SecretBinary                []byte
	ForceOverwriteReplicaSecret bool
	Tags                        []core.Tag
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

type secretDetail struct {
	secretFacts
	VersionIdsToStages map[string][]string
}

// secretFacts are what is said of a secret that is described or listed.
type secretFacts struct {
	ARN             string
	Name            string
	Description     string
	KmsKeyId        string
	RotationEnabled *bool
	LastChangedDate time.Time
	CreatedDate     time.Time
	DeletedDate     time.Time
	Tags            []core.Tag
}

// secretEntry is a secret in a list, which has another name for the versions'
// stages,
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_SecretListEntry.html.
type secretEntry struct {
	secretFacts
	SecretVersionsToStages map[string][]string
}

func (s *secret) entry() secretEntry {
	detail := s.detail()
	return secretEntry{detail.secretFacts, detail.VersionIdsToStages}
}

func (s *secret) detail() secretDetail {
	stages := map[string][]string{}
	for id, v := range s.Versions {
		if len(v.Stages) > 0 {
			stages[id] = v.Stages
		}
	}
	return secretDetail{secretFacts{
		ARN: s.ARN, Name: s.Name, Description: s.Description, KmsKeyId: s.KMSKeyID, LastChangedDate: s.Changed,
		CreatedDate: s.Created, DeletedDate: s.Deleted, Tags: s.Tags.List(),
	}, stages}
}

func (s *secretOperations) describeSecret(_ context.Context, in *idInput) (*secretDetail, error) {
	found, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	detail := found.detail()
	return &detail, nil
}

type updateSecretInput struct {
	SecretId           string
	ClientRequestToken string
	Description        *string
	KmsKeyId           *string
	SecretString       *string
	SecretBinary       []byte
}

func (s *secretOperations) updateSecret(_ context.Context, in *updateSecretInput) (*secretOutput, error) {
	found, err := s.changeUsable(in.SecretId)
	if err != nil {
		return nil, err
	}
	out := &secretOutput{ARN: found.ARN, Name: found.Name}
	if in.SecretString != nil || in.SecretBinary != nil {
		v, err := s.put(found, in.ClientRequestToken, in.SecretString, in.SecretBinary, []string{stageCurrent})
		if err != nil {
			return nil, err
		}
		out.VersionId = v.ID
	}
	if in.Description != nil {
		found.Description = *in.Description
	}
	if in.KmsKeyId != nil {
		found.KMSKeyID = *in.KmsKeyId
	}
	found.Changed = s.account.Clock.Now()
	return out, nil
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

func (s *secretOperations) restoreSecret(_ context.Context, in *idInput) (*secretOutput, error) {
	found, err := s.change(in.SecretId)
	if err != nil {
		return nil, err
	}
	found.Deleted, found.DeleteAt = time.Time{}, time.Time{}
	return &secretOutput{ARN: found.ARN, Name: found.Name}, nil
}

type listSecretsInput struct {
	IncludePlannedDeletion bool
	MaxResults             int32
	NextToken              string
	SortOrder              string
	Filters                []struct {
		Key    string
		Values []string
	}
}

type listSecretsOutput struct {
	SecretList []secretEntry
	NextToken  string
}

func (s *secretOperations) listSecrets(_ context.Context, in *listSecretsInput) (*listSecretsOutput, error) {
	var list []*secret
	for _, one := range s.secrets.All() {
		if s.gone(one) || !one.DeleteAt.IsZero() && !in.IncludePlannedDeletion {
			continue
		}
		fits := true
		for _, f := range in.Filters {
			match, err := one.matches(f.Key, f.Values)
			if err != nil {
				return nil, err
			}
			fits = fits && match
		}
		if fits && one.Name > in.NextToken {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b *secret) int { return cmp.Compare(a.Name, b.Name) })
	out := &listSecretsOutput{SecretList: []secretEntry{}}
	limit := 100
	if in.MaxResults > 0 {
		limit = int(in.MaxResults)
	}
	if len(list) > limit {
		list = list[:limit]
		out.NextToken = list[limit-1].Name
	}
	if in.SortOrder == "desc" {
		slices.Reverse(list)
	}
	for _, one := range list {
		out.SecretList = append(out.SecretList, one.entry())
	}
	return out, nil
}

// matches evaluates a filter: a value fits by its beginning, and with an
// exclamation mark in front by not fitting.
func (s *secret) matches(key string, values []string) (bool, error) {
	var have []string
	switch key {
	case "name":
		have = []string{s.Name}
	case "description":
		have = []string{s.Description}
	case "tag-key":
		have = slices.Collect(maps.Keys(s.Tags))
	case "tag-value":
		have = slices.Collect(maps.Values(s.Tags))
	default:
		return false, wire.Errorf("InvalidParameterException", "localaws does not know the filter %s", key)
	}
	return slices.ContainsFunc(values, func(want string) bool {
		want, negated := strings.CutPrefix(want, "!")
		return slices.ContainsFunc(have, func(value string) bool { return strings.HasPrefix(value, want) }) != negated
	}), nil
}

type policyInput struct {
	SecretId          string
	ResourcePolicy    string
	BlockPublicPolicy bool
}

type policyOutput struct {
	ARN            string
	Name           string
	ResourcePolicy string
}

func (s *secretOperations) putResourcePolicy(_ context.Context, in *policyInput) (*policyOutput, error) {
	found, err := s.changeUsable(in.SecretId)
	if err != nil {
		return nil, err
	}
	d, err := policy.Parse(in.ResourcePolicy)
	if err == nil {
		err = d.CheckResource("secretsmanager", func(resource string) bool { return policy.Covers(resource, found.ARN) })
	}
	if err != nil {
		return nil, wire.Errorf("MalformedPolicyDocumentException", "%v", err)
	}
	found.Policy = in.ResourcePolicy
	return &policyOutput{ARN: found.ARN, Name: found.Name}, nil
}

func (s *secretOperations) getResourcePolicy(_ context.Context, in *idInput) (*policyOutput, error) {
	found, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	return &policyOutput{ARN: found.ARN, Name: found.Name, ResourcePolicy: found.Policy}, nil
}

func (s *secretOperations) deleteResourcePolicy(_ context.Context, in *idInput) (*policyOutput, error) {
	found, err := s.change(in.SecretId)
	if err != nil {
		return nil, err
	}
	found.Policy = ""
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
