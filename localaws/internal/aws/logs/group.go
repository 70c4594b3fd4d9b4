package logs

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// groupOperations are those on log groups.
type groupOperations struct{ *records }

func (s *groupOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateLogGroup", s.createLogGroup),
		wire.Op("DeleteLogGroup", s.deleteLogGroup),
		wire.ReadOp("DescribeLogGroups", s.describeLogGroups),
		wire.Op("PutRetentionPolicy", s.putRetentionPolicy),
		wire.Op("DeleteRetentionPolicy", s.deleteRetentionPolicy),
		wire.Op("AssociateKmsKey", s.associateKMSKey),
		wire.Op("DisassociateKmsKey", s.disassociateKMSKey),
	}
}

// group is a log group; its streams are records of their own.
type group struct {
	Name      string
	Class     string
	KMSKeyID  string
	Retention int32 // days; 0 means for ever
	Created   int64
	Tags      tags.Set
}

type createLogGroupInput struct {
	LogGroupName  string
	KmsKeyId      string
	LogGroupClass string
	Tags          tags.Set
}

func (s *groupOperations) createLogGroup(_ context.Context, in *createLogGroupInput) (*wire.Empty, error) {
	if s.groups.Has(in.LogGroupName) {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log group already exists: %s", in.LogGroupName)
	}
	if in.LogGroupClass == "" {
		in.LogGroupClass = "STANDARD"
	}
	if err := s.checkKey(in.LogGroupName, in.KmsKeyId); err != nil {
		return nil, err
	}
	set, err := tagRules.New(in.Tags.List())
	if err != nil {
		return nil, err
	}
	s.groups.Put(in.LogGroupName, &group{
		Name: in.LogGroupName, Class: in.LogGroupClass, KMSKeyID: in.KmsKeyId, Created: s.now(), Tags: set,
	})
	return nil, nil
}

// checkKey refuses a key by which the service can't encrypt a group's events:
// the key's policy has to let it, at best for this group only.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func (s *groupOperations) checkKey(groupName, keyARN string) error {
	if keyARN == "" || s.keys == nil {
		return nil
	}
	name := "logs." + s.account.Region + "." + s.account.DNSSuffix()
	encrypted := map[string]string{"aws:logs:arn": s.account.ARN("logs", "log-group:"+groupName)}
	if err := s.keys.Usable(keyARN, name, encrypted); err != nil {
		return invalid("The specified KMS key does not exist or is not allowed to be used with LogGroup '%s': %v", encrypted["aws:logs:arn"], err)
	}
	return nil
}

type groupInput struct{ LogGroupName string }

func (s *groupOperations) deleteLogGroup(_ context.Context, in *groupInput) (*wire.Empty, error) {
	g, err := s.group(in.LogGroupName, "")
	if err != nil {
		return nil, err
	}
	s.streams.deleteAll(g.Name)
	s.groups.Delete(g.Name)
	return nil, nil
}

type describeLogGroupsInput struct {
	LogGroupNamePrefix string
	Limit              *int
	NextToken          string
}

type describeLogGroupsOutput struct {
	LogGroups []groupDetail
	NextToken string
}

type groupDetail struct {
	LogGroupName      string
	CreationTime      int64
	RetentionInDays   *int32
	MetricFilterCount int32
	Arn               string
	LogGroupArn       string
	StoredBytes       int64
	KmsKeyId          string
	LogGroupClass     string
}

// groupPages are https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html.
var groupPages = paging.Limits{Default: 50, Max: 50, Token: invalidToken}

func invalidToken(token string) error {
	return invalid("The specified nextToken is invalid: %q", token)
}

func (s *groupOperations) describeLogGroups(_ context.Context, in *describeLogGroupsInput) (*describeLogGroupsOutput, error) {
	var found []*group
	for _, g := range s.groups.Prefix(in.LogGroupNamePrefix) {
		found = append(found, g)
	}
	page, next, err := paging.Cut(groupPages, found, func(g *group) string { return g.Name }, in.Limit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeLogGroupsOutput{LogGroups: []groupDetail{}, NextToken: next}
	for _, g := range page {
		out.LogGroups = append(out.LogGroups, s.detail(g))
	}
	return out, nil
}

func (s *groupOperations) detail(g *group) groupDetail {
	d := groupDetail{
		LogGroupName: g.Name, CreationTime: g.Created, Arn: s.arn(g) + ":*", LogGroupArn: s.arn(g),
		KmsKeyId: g.KMSKeyID, LogGroupClass: g.Class,
	}
	if g.Retention > 0 {
		d.RetentionInDays = &g.Retention
	}
	for _, st := range s.streams.of(g.Name) {
		d.StoredBytes += st.Bytes
	}
	return d
}

type retentionInput struct {
	LogGroupName    string
	RetentionInDays int32
}

func (s *groupOperations) putRetentionPolicy(_ context.Context, in *retentionInput) (*wire.Empty, error) {
	g, err := s.change(in.LogGroupName)
	if err != nil {
		return nil, err
	}
	g.Retention = in.RetentionInDays
	return nil, nil
}

func (s *groupOperations) deleteRetentionPolicy(_ context.Context, in *groupInput) (*wire.Empty, error) {
	g, err := s.change(in.LogGroupName)
	if err != nil {
		return nil, err
	}
	g.Retention = 0
	return nil, nil
}

type kmsKeyInput struct {
	LogGroupName       string
	KmsKeyId           string
	ResourceIdentifier string
}

func (s *groupOperations) associateKMSKey(_ context.Context, in *kmsKeyInput) (*wire.Empty, error) {
	g, err := s.group(in.LogGroupName, in.ResourceIdentifier)
	if err != nil {
		return nil, err
	}
	if err := s.checkKey(g.Name, in.KmsKeyId); err != nil {
		return nil, err
	}
	s.groups.Put(g.Name, g)
	g.KMSKeyID = in.KmsKeyId
	return nil, nil
}

func (s *groupOperations) disassociateKMSKey(ctx context.Context, in *kmsKeyInput) (*wire.Empty, error) {
	in.KmsKeyId = ""
	return s.associateKMSKey(ctx, in)
}

// tagRules are https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error {
	if f.Problem == tags.TooMany {
		return wire.Errorf("TooManyTagsException", "%s", f)
	}
	return invalid("%s", f)
}}

// tags are those of groups, which are found by ARN.
func (s *groupOperations) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		g, err := s.group("", arn)
		if err != nil {
			return tags.Resource{}, err
		}
		return tags.Resource{Tags: g.Tags, Replace: func(all tags.Set) {
			s.groups.Put(g.Name, g)
			g.Tags = all
		}}, nil
	}}
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *groupOperations) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for _, g := range s.groups.All() {
		all = append(all, tags.Tagged{ARN: s.arn(g), Tags: g.Tags})
	}
	return all
}

// CreateGroup makes a group; one that is there already is not an error.
func (s *groupOperations) CreateGroup(name string) error {
	if s.groups.Has(name) {
		return nil
	}
	_, err := s.createLogGroup(context.Background(), &createLogGroupInput{LogGroupName: name})
	return err
}
