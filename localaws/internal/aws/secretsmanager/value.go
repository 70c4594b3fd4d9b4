package secretsmanager

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// valueOperations are those on the versions of secrets' values.
type valueOperations struct{ *records }

func (s *valueOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutSecretValue", s.putSecretValue),
		wire.ReadOp("GetSecretValue", s.getSecretValue),
		wire.ReadOp("ListSecretVersionIds", s.listSecretVersionIDs),
		wire.Op("UpdateSecretVersionStage", s.updateSecretVersionStage),
	}
}

type putSecretValueInput struct {
	SecretId           string
	ClientRequestToken string
	SecretString       *string
	SecretBinary       []byte
	VersionStages      []string
}

func (s *valueOperations) putSecretValue(_ context.Context, in *putSecretValueInput) (*secretOutput, error) {
	found, err := s.changeUsable(in.SecretId)
	if err != nil {
		return nil, err
	}
	stages := in.VersionStages
	if len(stages) == 0 || len(found.Versions) == 0 && !slices.Contains(stages, stageCurrent) {
		stages = append(slices.Clone(stages), stageCurrent)
	}
	v, err := s.put(found, in.ClientRequestToken, in.SecretString, in.SecretBinary, stages)
	if err != nil {
		return nil, err
	}
	return &secretOutput{ARN: found.ARN, Name: found.Name, VersionId: v.ID, VersionStages: v.Stages}, nil
}

type getSecretValueInput struct {
	SecretId     string
	VersionId    string
	VersionStage string
}

type secretValueOutput struct {
	ARN           string
	Name          string
	VersionId     string
	SecretString  *string
	SecretBinary  []byte
	VersionStages []string
	CreatedDate   time.Time
}

func (s *valueOperations) getSecretValue(_ context.Context, in *getSecretValueInput) (*secretValueOutput, error) {
	found, err := s.usable(in.SecretId)
	if err != nil {
		return nil, err
	}
	v, err := found.version(in.VersionId, in.VersionStage)
	if err != nil {
		return nil, err
	}
	return &secretValueOutput{
		ARN: found.ARN, Name: found.Name, VersionId: v.ID, SecretString: v.String, SecretBinary: v.Binary,
		VersionStages: v.Stages, CreatedDate: v.Created,
	}, nil
}

type listVersionsInput struct {
	SecretId          string
	IncludeDeprecated bool
	MaxResults        int32
	NextToken         string
}

type listVersionsOutput struct {
	ARN      string
	Name     string
	Versions []versionDetail
}

type versionDetail struct {
	VersionId     string
	VersionStages []string
	CreatedDate   time.Time
}

// listSecretVersionIDs answers with one page: there are never more than a
// hundred versions or so.
func (s *valueOperations) listSecretVersionIDs(_ context.Context, in *listVersionsInput) (*listVersionsOutput, error) {
	found, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	out := &listVersionsOutput{ARN: found.ARN, Name: found.Name, Versions: []versionDetail{}}
	for _, v := range found.Versions {
		if len(v.Stages) > 0 || in.IncludeDeprecated {
			out.Versions = append(out.Versions, versionDetail{v.ID, v.Stages, v.Created})
		}
	}
	slices.SortFunc(out.Versions, func(a, b versionDetail) int {
		return cmp.Or(b.CreatedDate.Compare(a.CreatedDate), cmp.Compare(a.VersionId, b.VersionId))
	})
	return out, nil
}

type updateStageInput struct {
	SecretId            string
	VersionStage        string
	RemoveFromVersionId string
	MoveToVersionId     string
}

func (s *valueOperations) updateSecretVersionStage(_ context.Context, in *updateStageInput) (*secretOutput, error) {
	found, err := s.changeUsable(in.SecretId)
	if err != nil {
		return nil, err
	}
	holder, err := found.version("", in.VersionStage)
	if err == nil && holder.ID != in.RemoveFromVersionId && holder.ID != in.MoveToVersionId {
		return nil, wire.Errorf("InvalidParameterException", "The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", in.VersionStage, holder.ID)
	}
	if in.MoveToVersionId == "" {
		if in.VersionStage == stageCurrent {
			return nil, wire.Errorf("InvalidParameterException", "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.")
		}
		if holder != nil {
			holder.Stages = slices.DeleteFunc(holder.Stages, func(have string) bool { return have == in.VersionStage })
		}
		return &secretOutput{ARN: found.ARN, Name: found.Name}, nil
	}
	to, err := found.version(in.MoveToVersionId, "")
	if err != nil {
		return nil, err
	}
	found.move(in.VersionStage, to)
	return &secretOutput{ARN: found.ARN, Name: found.Name}, nil
}
