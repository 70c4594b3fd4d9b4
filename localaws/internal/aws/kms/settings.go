package kms

import (
	"context"
	"maps"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// settingOperations are those on the policies, rotation and tags of keys.
type settingOperations struct{ *records }

func (s *settingOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.ReadOp("GetKeyPolicy", s.getKeyPolicy),
		wire.Op("PutKeyPolicy", s.putKeyPolicy),
		wire.ReadOp("GetKeyRotationStatus", s.getKeyRotationStatus),
		wire.Op("EnableKeyRotation", s.enableKeyRotation),
		wire.Op("DisableKeyRotation", s.disableKeyRotation),
		wire.ReadOp("ListResourceTags", s.listResourceTags),
		wire.Op("TagResource", s.tagResource),
		wire.Op("UntagResource", s.untagResource),
	}
}

// onlyPolicy is the name of the one policy that a key has.
const onlyPolicy = "default"

type policyInput struct {
	KeyId                          string
	PolicyName                     string
	Policy                         string
	BypassPolicyLockoutSafetyCheck bool
}

type policyOutput struct{ Policy, PolicyName string }

func (s *settingOperations) getKeyPolicy(_ context.Context, in *policyInput) (*policyOutput, error) {
	k, err := s.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	if in.PolicyName != "" && in.PolicyName != onlyPolicy {
		return nil, wire.Errorf("NotFoundException", "No such policy exists")
	}
	return &policyOutput{k.Policy, onlyPolicy}, nil
}

func (s *settingOperations) putKeyPolicy(_ context.Context, in *policyInput) (*wire.Empty, error) {
	k, err := s.changeLive(in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := s.checkPolicy(in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	k.Policy = in.Policy
	return nil, nil
}

type rotationInput struct {
	KeyId                string
	RotationPeriodInDays *int32
}

type rotationOutput struct {
	KeyId                string
	KeyRotationEnabled   bool
	RotationPeriodInDays *int32
}

func (s *settingOperations) getKeyRotationStatus(_ context.Context, in *keyInput) (*rotationOutput, error) {
	k, err := s.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &rotationOutput{KeyId: s.arn(k), KeyRotationEnabled: k.RotationDays > 0}
	if k.RotationDays > 0 {
		out.RotationPeriodInDays = &k.RotationDays
	}
	return out, nil
}

func (s *settingOperations) enableKeyRotation(_ context.Context, in *rotationInput) (*wire.Empty, error) {
	k, err := s.changeLive(in.KeyId)
	if err != nil {
		return nil, err
	}
	days := int32(365)
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
	}
	if days < 90 || days > 2560 {
		return nil, wire.Errorf("ValidationException", "RotationPeriodInDays is %d; it must be 90 to 2560", days)
	}
	k.RotationDays = days
	return nil, nil
}

func (s *settingOperations) disableKeyRotation(_ context.Context, in *keyInput) (*wire.Empty, error) {
	k, err := s.changeLive(in.KeyId)
	if err != nil {
		return nil, err
	}
	k.RotationDays = 0
	return nil, nil
}

type tagsInput struct {
	KeyId   string
	Limit   int32
	Marker  string
	Tags    []kmsTag
	TagKeys []string
}

type tagsOutput struct {
	Tags      []kmsTag
	Truncated bool
}

// listResourceTags answers all at once: a key has at most 50.
func (s *settingOperations) listResourceTags(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	k, err := s.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &tagsOutput{Tags: []kmsTag{}}
	for _, tag := range k.Tags.List() {
		out.Tags = append(out.Tags, kmsTag{tag.Key, tag.Value})
	}
	return out, nil
}

func (s *settingOperations) tagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	k, err := s.changeLive(in.KeyId)
	if err != nil {
		return nil, err
	}
	set, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	maps.Copy(k.Tags, set)
	if most := 50; len(k.Tags) > most {
		return nil, tagRules.Refuse(tags.Fault{Problem: tags.TooMany, Limit: most})
	}
	return nil, nil
}

func (s *settingOperations) untagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	k, err := s.changeLive(in.KeyId)
	if err != nil {
		return nil, err
	}
	k.Tags.Remove(in.TagKeys)
	return nil, nil
}
