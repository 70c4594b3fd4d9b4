package athena

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const (
	stateEnabled  = "ENABLED"
	stateDisabled = "DISABLED"
)

// engine is the one that AUTO means today.
const engine = "Athena engine version 3"

type workGroup struct {
	Name          string
	State         string
	Description   string
	Configuration configuration
	Created       time.Time
	Tags          tags.Set
}

var workGroupName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,128}$`)

// configuration is a workgroup's, in the API's form.
type configuration struct {
	settings
	ResultConfiguration *resultConfiguration
}

// settings are what a configuration has, and what an update of it may give anew.
type settings struct {
	EnforceWorkGroupConfiguration   *bool
	PublishCloudWatchMetricsEnabled *bool
	BytesScannedCutoffPerQuery      *int64
	RequesterPaysEnabled            *bool
	EngineVersion                   *engineVersion
	ExecutionRole                   string
	EnableMinimumEncryption         *bool `aws:"EnableMinimumEncryptionConfiguration"`
}

type resultConfiguration struct {
	OutputLocation          string
	EncryptionConfiguration *encryption
	ExpectedBucketOwner     string
	AclConfiguration        *struct{ S3AclOption string }
}

type encryption struct {
	EncryptionOption string
	KmsKey           string
}

type engineVersion struct {
	SelectedEngineVersion  string
	EffectiveEngineVersion string
}

// withDefaults fills in what a new workgroup has.
func (c configuration) withDefaults() configuration {
	yes := true
	if c.EnforceWorkGroupConfiguration == nil {
		c.EnforceWorkGroupConfiguration = &yes
	}
	if c.PublishCloudWatchMetricsEnabled == nil {
		c.PublishCloudWatchMetricsEnabled = new(bool)
	}
	if c.RequesterPaysEnabled == nil {
		c.RequesterPaysEnabled = new(bool)
	}
	if c.ResultConfiguration == nil {
		c.ResultConfiguration = &resultConfiguration{}
	}
	selected := "AUTO"
	if c.EngineVersion != nil && c.EngineVersion.SelectedEngineVersion != "" {
		selected = c.EngineVersion.SelectedEngineVersion
	}
	c.EngineVersion = &engineVersion{SelectedEngineVersion: selected, EffectiveEngineVersion: selected}
	if selected == "AUTO" {
		c.EngineVersion.EffectiveEngineVersion = engine
	}
	return c
}

func (c configuration) check() error {
	if r := c.ResultConfiguration; r != nil && r.OutputLocation != "" && !strings.HasPrefix(r.OutputLocation, "s3://") {
		return invalid("outputLocation is not a valid S3 path: %s", r.OutputLocation)
	}
	if n := c.BytesScannedCutoffPerQuery; n != nil && *n < 10485760 {
		return invalid("BytesScannedCutoffPerQuery is %d; it must be at least 10485760", *n)
	}
	if v := c.EngineVersion; v != nil && !slices.Contains([]string{"", "AUTO", engine}, v.SelectedEngineVersion) {
		return invalid("localaws knows %s and AUTO, not the engine version %q", engine, v.SelectedEngineVersion)
	}
	return nil
}

// workGroup returns a workgroup, to be read only.
func (s *Service) workGroup(name string) (*workGroup, error) {
	g, ok := s.groups.Get(name)
	if !ok {
		return nil, invalid("WorkGroup %s is not found.", name)
	}
	return g, nil
}

type createWorkGroupInput struct {
	Name          string
	Configuration configuration
	Description   string
	Tags          []tags.Tag
}

func (s *Service) createWorkGroup(_ context.Context, in *createWorkGroupInput) (*wire.Empty, error) {
	if !workGroupName.MatchString(in.Name) {
		return nil, invalid("The workgroup's name %q must be made of up to 128 letters, digits, dots, hyphens and underscores", in.Name)
	}
	if s.groups.Has(in.Name) {
		return nil, invalid("WorkGroup %s is already created", in.Name)
	}
	if err := in.Configuration.check(); err != nil {
		return nil, err
	}
	all, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	s.groups.Put(in.Name, &workGroup{
		Name: in.Name, State: stateEnabled, Description: in.Description, Created: s.account.Clock.Now(),
		Configuration: in.Configuration.withDefaults(), Tags: all,
	})
	return nil, nil
}

type workGroupInput struct {
	WorkGroup             string
	RecursiveDeleteOption bool
}

type workGroupDetail struct {
	Name          string
	State         string
	Configuration *configuration
	Description   string
	CreationTime  time.Time
	EngineVersion *engineVersion
}

type getWorkGroupOutput struct{ WorkGroup workGroupDetail }

func (s *Service) getWorkGroup(_ context.Context, in *workGroupInput) (*getWorkGroupOutput, error) {
	g, err := s.workGroup(in.WorkGroup)
	if err != nil {
		return nil, err
	}
	c := g.Configuration // a copy: the answer is written without the lock
	return &getWorkGroupOutput{workGroupDetail{
		Name: g.Name, State: g.State, Configuration: &c, Description: g.Description, CreationTime: g.Created,
	}}, nil
}

type updateWorkGroupInput struct {
	WorkGroup            string
	Description          *string
	State                string
	ConfigurationUpdates *configurationUpdates
}

type configurationUpdates struct {
	settings
	RemoveBytesScannedCutoffPerQuery bool
	ResultConfigurationUpdates       *resultUpdates
}

type resultUpdates struct {
	resultConfiguration
	RemoveOutputLocation          bool
	RemoveEncryptionConfiguration bool
	RemoveExpectedBucketOwner     bool
	RemoveAclConfiguration        bool
}

func (s *Service) updateWorkGroup(_ context.Context, in *updateWorkGroupInput) (*wire.Empty, error) {
	g, err := s.workGroup(in.WorkGroup)
	if err != nil {
		return nil, err
	}
	s.groups.Put(g.Name, g)
	if in.State != "" && in.State != stateEnabled && in.State != stateDisabled {
		return nil, invalid("State is %q; it must be %s or %s", in.State, stateEnabled, stateDisabled)
	}
	if in.ConfigurationUpdates != nil {
		updated := in.ConfigurationUpdates.apply(g.Configuration)
		if err := updated.check(); err != nil {
			return nil, err
		}
		g.Configuration = updated.withDefaults()
	}
	if in.Description != nil {
		g.Description = *in.Description
	}
	if in.State != "" {
		g.State = in.State
	}
	return nil, nil
}

func (u *configurationUpdates) apply(c configuration) configuration {
	set(&c.EnforceWorkGroupConfiguration, u.EnforceWorkGroupConfiguration)
	set(&c.PublishCloudWatchMetricsEnabled, u.PublishCloudWatchMetricsEnabled)
	set(&c.RequesterPaysEnabled, u.RequesterPaysEnabled)
	set(&c.BytesScannedCutoffPerQuery, u.BytesScannedCutoffPerQuery)
	set(&c.EngineVersion, u.EngineVersion)
	set(&c.EnableMinimumEncryption, u.EnableMinimumEncryption)
	if u.RemoveBytesScannedCutoffPerQuery {
		c.BytesScannedCutoffPerQuery = nil
	}
	if u.ExecutionRole != "" {
		c.ExecutionRole = u.ExecutionRole
	}
	if r := u.ResultConfigurationUpdates; r != nil {
		result := r.apply(*c.ResultConfiguration)
		c.ResultConfiguration = &result
	}
	return c
}

func (u *resultUpdates) apply(r resultConfiguration) resultConfiguration {
	set(&r.EncryptionConfiguration, u.EncryptionConfiguration)
	set(&r.AclConfiguration, u.AclConfiguration)
	if u.OutputLocation != "" || u.RemoveOutputLocation {
		r.OutputLocation = u.OutputLocation
	}
	if u.ExpectedBucketOwner != "" || u.RemoveExpectedBucketOwner {
		r.ExpectedBucketOwner = u.ExpectedBucketOwner
	}
	if u.RemoveEncryptionConfiguration {
		r.EncryptionConfiguration = nil
	}
	if u.RemoveAclConfiguration {
		r.AclConfiguration = nil
	}
	return r
}

// set replaces a value if another is given.
func set[T any](at **T, given *T) {
	if given != nil {
		*at = given
	}
}

func (s *Service) deleteWorkGroup(_ context.Context, in *workGroupInput) (*wire.Empty, error) {
	g, err := s.workGroup(in.WorkGroup)
	if err != nil {
		return nil, err
	}
	if g.Name == primary {
		return nil, invalid("The primary workgroup can't be deleted")
	}
	s.groups.Delete(g.Name)
	return nil, nil
}
