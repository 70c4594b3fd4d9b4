package logs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// retentions are the days that a group can be kept.
var retentions = []int32{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

var classes = []string{"STANDARD", "INFREQUENT_ACCESS", "DELIVERY"}

type createLogGroupInput struct {
	LogGroupName              string
	KmsKeyId                  string
	LogGroupClass             string
	Tags                      map[string]string
	DeletionProtectionEnabled bool
}

func (s *Service) createLogGroup(_ context.Context, in *createLogGroupInput) (*wire.Empty, error) {
	if !groupName.MatchString(in.LogGroupName) {
		return nil, invalid("1 validation error detected: Value '%s' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+ and have 1 to 512 characters", in.LogGroupName)
	}
	if _, exists := s.state.Groups[in.LogGroupName]; exists {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log group already exists: %s", in.LogGroupName)
	}
	if in.LogGroupClass == "" {
		in.LogGroupClass = classes[0]
	}
	if !slices.Contains(classes, in.LogGroupClass) {
		return nil, invalid("logGroupClass is %q; it must be one of %v", in.LogGroupClass, classes)
	}
	if err := s.checkKey(in.LogGroupName, in.KmsKeyId); err != nil {
		return nil, err
	}
	g := &group{
		Name: in.LogGroupName, Class: in.LogGroupClass, KMSKeyID: in.KmsKeyId, Created: s.now(), Protected: in.DeletionProtectionEnabled,
		Streams: map[string]*stream{}, Tags: core.Tags{},
	}
	maps.Copy(g.Tags, in.Tags)
	s.state.Groups[g.Name] = g
	return nil, nil
}

// checkKey refuses a key by which the service can't encrypt a group's events:
// the key's policy has to let it, at best for this group only.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func (s *Service) checkKey(groupName, keyARN string) error {
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

func (s *Service) deleteLogGroup(_ context.Context, in *groupInput) (*wire.Empty, error) {
	g, err := s.group(in.LogGroupName, "")
	if err != nil {
		return nil, err
	}
	if g.Protected {
		return nil, wire.Errorf("ValidationException", "The log group %s can't be deleted: its deletion protection is enabled", g.Name)
	}
	delete(s.state.Groups, g.Name)
	return nil, nil
}

type describeLogGroupsInput struct {
	LogGroupNamePrefix  string
	LogGroupNamePattern string
	LogGroupClass       string
	LogGroupIdentifiers []string
	Limit               int32
	NextToken           string
}

type describeLogGroupsOutput struct {
	LogGroups []groupDetail
	NextToken string
}

type groupDetail struct {
	LogGroupName              string
	CreationTime              int64
	RetentionInDays           *int32
	MetricFilterCount         int32
	Arn                       string
	LogGroupArn               string
	StoredBytes               int64
	KmsKeyId                  string
	LogGroupClass             string
	DeletionProtectionEnabled bool
}

func (s *Service) arn(g *group) string { return s.account.ARN("logs", "log-group:"+g.Name) }

func (s *Service) describeLogGroups(_ context.Context, in *describeLogGroupsInput) (*describeLogGroupsOutput, error) {
	if in.LogGroupNamePrefix != "" && in.LogGroupNamePattern != "" {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	limit := orLimit(in.Limit, 50)
	var wanted []string
	for _, identifier := range in.LogGroupIdentifiers {
		wanted = append(wanted, groupOfARN(identifier))
	}
	out := &describeLogGroupsOutput{LogGroups: []groupDetail{}}
	for _, name := range slices.Sorted(maps.Keys(s.state.Groups)) {
		g := s.state.Groups[name]
		if !strings.HasPrefix(name, in.LogGroupNamePrefix) ||
			!strings.Contains(strings.ToLower(name), strings.ToLower(in.LogGroupNamePattern)) ||
			(in.LogGroupClass != "" && g.Class != in.LogGroupClass) || name <= in.NextToken ||
			(len(wanted) > 0 && !slices.Contains(wanted, name)) {
			continue
		}
		if len(out.LogGroups) == limit {
			out.NextToken = out.LogGroups[limit-1].LogGroupName
			break
		}
		out.LogGroups = append(out.LogGroups, s.detail(g))
	}
	return out, nil
}

func (s *Service) detail(g *group) groupDetail {
	d := groupDetail{
		LogGroupName: g.Name, CreationTime: g.Created, Arn: s.arn(g) + ":*", LogGroupArn: s.arn(g),
		KmsKeyId: g.KMSKeyID, LogGroupClass: g.Class, DeletionProtectionEnabled: g.Protected,
	}
	if g.Retention > 0 {
		d.RetentionInDays = &g.Retention
	}
	for _, st := range g.Streams {
		d.StoredBytes += st.bytes()
	}
	return d
}

func (st *stream) bytes() (total int64) {
	for _, e := range st.Events {
		total += int64(len(e.Message)) + 26 // what CloudWatch adds for each event
	}
	return total
}

func orLimit(limit int32, otherwise int) int {
	if limit <= 0 || int(limit) > otherwise {
		return otherwise
	}
	return int(limit)
}

type protectionInput struct {
	LogGroupIdentifier        string
	DeletionProtectionEnabled bool
}

func (s *Service) putDeletionProtection(_ context.Context, in *protectionInput) (*wire.Empty, error) {
	g, err := s.group("", in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g.Protected = in.DeletionProtectionEnabled
	return nil, nil
}

type retentionInput struct {
	LogGroupName    string
	RetentionInDays int32
}

func (s *Service) putRetentionPolicy(_ context.Context, in *retentionInput) (*wire.Empty, error) {
	g, err := s.group(in.LogGroupName, "")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(retentions, in.RetentionInDays) {
		return nil, invalid("RetentionInDays is %d; it must be one of %v", in.RetentionInDays, retentions)
	}
	g.Retention = in.RetentionInDays
	return nil, nil
}

func (s *Service) deleteRetentionPolicy(_ context.Context, in *groupInput) (*wire.Empty, error) {
	g, err := s.group(in.LogGroupName, "")
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

func (s *Service) associateKMSKey(_ context.Context, in *kmsKeyInput) (*wire.Empty, error) {
	g, err := s.group(in.LogGroupName, in.ResourceIdentifier)
	if err != nil {
		return nil, err
	}
	if err := s.checkKey(g.Name, in.KmsKeyId); err != nil {
		return nil, err
	}
	g.KMSKeyID = in.KmsKeyId
	return nil, nil
}

func (s *Service) disassociateKMSKey(ctx context.Context, in *kmsKeyInput) (*wire.Empty, error) {
	in.KmsKeyId = ""
	return s.associateKMSKey(ctx, in)
}

type tagsInput struct {
	ResourceArn  string
	LogGroupName string
	Tags         map[string]string
}

type untagInput struct {
	ResourceArn string
	TagKeys     []string
}

type untagLogGroupInput struct {
	LogGroupName string
	Tags         []string
}

type tagsOutput struct{ Tags map[string]string }

func (s *Service) tagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	g, err := s.group(in.LogGroupName, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	maps.Copy(g.Tags, in.Tags)
	return nil, nil
}

func (s *Service) tagLogGroup(ctx context.Context, in *tagsInput) (*wire.Empty, error) {
	return s.tagResource(ctx, in)
}

func (s *Service) untagResource(_ context.Context, in *untagInput) (*wire.Empty, error) {
	g, err := s.group("", in.ResourceArn)
	if err != nil {
		return nil, err
	}
	g.Tags.Remove(in.TagKeys)
	return nil, nil
}

func (s *Service) untagLogGroup(_ context.Context, in *untagLogGroupInput) (*wire.Empty, error) {
	g, err := s.group(in.LogGroupName, "")
	if err != nil {
		return nil, err
	}
	g.Tags.Remove(in.Tags)
	return nil, nil
}

func (s *Service) listTagsForResource(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	g, err := s.group(in.LogGroupName, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{g.Tags}, nil
}

func (s *Service) listTagsLogGroup(ctx context.Context, in *tagsInput) (*tagsOutput, error) {
	return s.listTagsForResource(ctx, in)
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, g := range s.state.Groups {
		all = append(all, core.TaggedResource{ARN: s.arn(g), Tags: g.Tags})
	}
	return all
}
