package kms

import (
	"context"
	"fmt"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// keyOperations are those on keys and their lives.
type keyOperations struct{ *records }

func (s *keyOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateKey", s.createKey),
		wire.ReadOp("DescribeKey", s.describeKey),
		wire.ReadOp("ListKeys", s.listKeys),
		wire.Op("UpdateKeyDescription", s.updateKeyDescription),
		wire.Op("EnableKey", s.enableKey),
		wire.Op("DisableKey", s.disableKey),
		wire.Op("ScheduleKeyDeletion", s.scheduleKeyDeletion),
		wire.Op("CancelKeyDeletion", s.cancelKeyDeletion),
	}
}

const day = 24 * time.Hour

// kmsTag is how KMS, alone among the services, calls a tag's parts.
type kmsTag struct {
	TagKey   string
	TagValue string `empty:"kept"`
}

// tagRules are those of https://docs.aws.amazon.com/kms/latest/APIReference/API_Tag.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error { return wire.Errorf("TagException", "%s", f) }}

func tagsOf(list []kmsTag) (tags.Set, error) {
	all := make([]tags.Tag, 0, len(list))
	for _, tag := range list {
		all = append(all, tags.Tag{Key: tag.TagKey, Value: tag.TagValue})
	}
	return tagRules.New(all)
}

type createKeyInput struct {
	Policy                         string
	Description                    string
	KeyUsage                       string
	KeySpec                        string
	CustomerMasterKeySpec          string
	Origin                         string
	MultiRegion                    bool
	BypassPolicyLockoutSafetyCheck bool
	Tags                           []kmsTag
}

type keyOutput struct{ KeyMetadata metadata }

type metadata struct {
	AWSAccountId          string //nolint:revive // the API's name
	KeyId                 string
	Arn                   string
	CreationDate          time.Time
	Enabled               bool
	Description           string
	KeyUsage              string
	KeyState              string
	DeletionDate          *time.Time
	Origin                string
	KeyManager            string
	CustomerMasterKeySpec string
	KeySpec               string
	EncryptionAlgorithms  []string
	MultiRegion           bool
}

func (s *keyOperations) view(k *key) metadata {
	m := metadata{
		AWSAccountId: s.account.ID, KeyId: k.ID, Arn: s.arn(k), CreationDate: k.Created, Enabled: k.State == stateEnabled,
		Description: k.Description, KeyUsage: "ENCRYPT_DECRYPT", KeyState: k.State, Origin: "AWS_KMS", KeyManager: "CUSTOMER",
		CustomerMasterKeySpec: "SYMMETRIC_DEFAULT", KeySpec: "SYMMETRIC_DEFAULT",
		EncryptionAlgorithms: []string{"SYMMETRIC_DEFAULT"}, MultiRegion: k.MultiRegion,
	}
	if !k.DeleteAt.IsZero() {
		m.DeletionDate = &k.DeleteAt
	}
	return m
}

// createKey makes a symmetric key, whose policy lets the account's
// administrators do everything unless it is told otherwise.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func (s *keyOperations) createKey(_ context.Context, in *createKeyInput) (*keyOutput, error) {
	for _, member := range []struct{ name, value, only string }{
		{"KeyUsage", in.KeyUsage, "ENCRYPT_DECRYPT"}, {"KeySpec", in.KeySpec, "SYMMETRIC_DEFAULT"},
		{"CustomerMasterKeySpec", in.CustomerMasterKeySpec, "SYMMETRIC_DEFAULT"}, {"Origin", in.Origin, "AWS_KMS"},
	} {
		if member.value != "" && member.value != member.only {
			return nil, wire.Errorf("ValidationException", "%s %s: localaws has keys for symmetric encryption only, %s", member.name, member.value, member.only)
		}
	}
	if in.Policy == "" {
		in.Policy = fmt.Sprintf(`{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":%q},"Action":"kms:*","Resource":"*"}]}`, s.root())
	}
	if err := s.checkPolicy(in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	set, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	id := ids.UUID()
	if in.MultiRegion {
		id = "mrk-" + ids.Hex(32)
	}
	k := &key{
		ID: id, Description: in.Description, Policy: in.Policy, State: stateEnabled, MultiRegion: in.MultiRegion,
		Created: s.account.Clock.Now(), Tags: set,
	}
	s.keys.Put(id, k)
	return &keyOutput{s.view(k)}, nil
}

type keyInput struct {
	KeyId       string
	GrantTokens []string
}

func (s *keyOperations) describeKey(_ context.Context, in *keyInput) (*keyOutput, error) {
	k, err := s.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	return &keyOutput{s.view(k)}, nil
}

type listKeysInput struct {
	Limit  int32
	Marker string
}

type listKeysOutput struct {
	Keys       []keyEntry
	NextMarker string
	Truncated  bool
}

type keyEntry struct{ KeyId, KeyArn string }

func (s *keyOperations) listKeys(_ context.Context, in *listKeysInput) (*listKeysOutput, error) {
	out := &listKeysOutput{Keys: []keyEntry{}}
	limit := int(in.Limit)
	if limit == 0 {
		limit = 100
	}
	for id, k := range s.keys.All() {
		if id <= in.Marker {
			continue
		}
		if len(out.Keys) == limit {
			out.NextMarker, out.Truncated = out.Keys[limit-1].KeyId, true
			break
		}
		out.Keys = append(out.Keys, keyEntry{id, s.arn(k)})
	}
	return out, nil
}

type descriptionInput struct{ KeyId, Description string }

func (s *keyOperations) updateKeyDescription(_ context.Context, in *descriptionInput) (*wire.Empty, error) {
	k, err := s.changeLive(in.KeyId)
	if err != nil {
		return nil, err
	}
	k.Description = in.Description
	return nil, nil
}

func (s *keyOperations) enableKey(_ context.Context, in *keyInput) (*wire.Empty, error) {
	return s.setState(in.KeyId, stateEnabled)
}

func (s *keyOperations) disableKey(_ context.Context, in *keyInput) (*wire.Empty, error) {
	return s.setState(in.KeyId, stateDisabled)
}

func (s *keyOperations) setState(id, state string) (*wire.Empty, error) {
	k, err := s.changeLive(id)
	if err != nil {
		return nil, err
	}
	k.State = state
	return nil, nil
}

type scheduleInput struct {
	KeyId               string
	PendingWindowInDays *int32
}

type scheduleOutput struct {
	KeyId               string
	KeyState            string
	DeletionDate        *time.Time
	PendingWindowInDays int32
}

// scheduleKeyDeletion lets a key go in 7 to 30 days; until then it can be had
// back, but not used.
func (s *keyOperations) scheduleKeyDeletion(_ context.Context, in *scheduleInput) (*scheduleOutput, error) {
	k, err := s.changeLive(in.KeyId)
	if err != nil {
		return nil, err
	}
	days := int32(30)
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < 7 || days > 30 {
		return nil, wire.Errorf("ValidationException", "PendingWindowInDays is %d; it must be 7 to 30", days)
	}
	k.State, k.DeleteAt = statePending, s.account.Clock.In(time.Duration(days)*day)
	return &scheduleOutput{s.arn(k), k.State, &k.DeleteAt, days}, nil
}

type keyIDOutput struct{ KeyId string }

func (s *keyOperations) cancelKeyDeletion(_ context.Context, in *keyInput) (*keyIDOutput, error) {
	k, err := s.change(in.KeyId)
	if err != nil {
		return nil, err
	}
	if k.State != statePending {
		return nil, wire.Errorf("KMSInvalidStateException", "%s is not pending deletion.", s.arn(k))
	}
	k.State, k.DeleteAt = stateDisabled, time.Time{}
	return &keyIDOutput{KeyId: s.arn(k)}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *keyOperations) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, k := range s.keys.All() {
		if k.State != statePending {
			all = append(all, core.TaggedResource{ARN: s.arn(k), Tags: k.Tags})
		}
	}
	return all
}
