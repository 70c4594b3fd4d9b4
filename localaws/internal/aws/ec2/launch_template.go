package ec2

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Names of versions that move.
const (
	latestVersion  = "$Latest"
	defaultVersion = "$Default"
)

type launchTemplate struct {
	ID, Name        string
	Created         time.Time
	Default, Latest int64
}

// templateVersion is a version of a launch template. There is one for each
// number from 1 to the template's latest.
type templateVersion struct {
	TemplateID  string
	Number      int64
	Description string
	Created     time.Time
	Data        templateData
}

// Template is a version of a launch template as other services see it.
type Template struct {
	ID, Name string
	Version  int64
}

// groups are the security groups of the template's first interface, or of the
// instance.
func (d *templateData) groups() []string {
	if len(d.Interfaces) > 0 {
		return d.Interfaces[0].Groups
	}
	return d.SecurityGroupIDs
}

// launchTemplateOperations are those on launch templates.
type launchTemplateOperations struct{ *records }

func (s *launchTemplateOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateLaunchTemplate", s.createLaunchTemplate),
		wire.Op("DeleteLaunchTemplate", s.deleteLaunchTemplate),
		wire.ReadOp("DescribeLaunchTemplates", s.describeLaunchTemplates),
		wire.Op("ModifyLaunchTemplate", s.modifyLaunchTemplate),
		wire.Op("CreateLaunchTemplateVersion", s.createLaunchTemplateVersion),
		wire.ReadOp("DescribeLaunchTemplateVersions", s.describeLaunchTemplateVersions),
	}
}

// ResolveTemplate returns a version of a launch template, found by id or, when
// id is "", by name. version is a number, $Latest or $Default; "" is $Default.
func (s *launchTemplateOperations) ResolveTemplate(id, name, version string) (Template, error) {
	template, err := s.launchTemplate(id, name)
	if err != nil {
		return Template{}, err
	}
	v, err := s.version(template, version)
	if err != nil {
		return Template{}, err
	}
	return Template{ID: template.ID, Name: template.Name, Version: v.Number}, nil
}

type launchTemplateItem struct {
	ID      string     `out:"launchTemplateId"`
	Name    string     `out:"launchTemplateName"`
	Created time.Time  `out:"createTime"`
	Author  string     `out:"createdBy"`
	Default int64      `out:"defaultVersionNumber"`
	Latest  int64      `out:"latestVersionNumber"`
	Tags    []tags.Tag `out:"tagSet"`
}

func (s *launchTemplateOperations) launchTemplateItem(t *launchTemplate) launchTemplateItem {
	return launchTemplateItem{
		ID: t.ID, Name: t.Name, Created: t.Created, Author: s.account.GlobalARN("iam", "root"),
		Default: t.Default, Latest: t.Latest, Tags: s.tagsOf(t.ID).List(),
	}
}

type launchTemplateOutput struct {
	Template launchTemplateItem `out:"launchTemplate"`
}

type createLaunchTemplateInput struct {
	tagged
	Name        string       `in:"LaunchTemplateName"`
	Description string       `in:"VersionDescription"`
	Data        templateData `in:"LaunchTemplateData"`
	ClientToken string
}

var templateName = regexp.MustCompile(`^[a-zA-Z0-9().\-/_]{3,128}$`)

func (s *launchTemplateOperations) createLaunchTemplate(_ context.Context, in *createLaunchTemplateInput) (*launchTemplateOutput, error) {
	if made, ok := s.launchTemplates.Get(s.made("lt", in.ClientToken)); ok {
		return &launchTemplateOutput{Template: s.launchTemplateItem(made)}, nil
	}
	if !templateName.MatchString(in.Name) {
		return nil, wire.Errorf("InvalidLaunchTemplateName.MalformedException",
			"A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: - ( ) . / _.")
	}
	if _, taken := s.templateByName(in.Name); taken {
		return nil, wire.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	}
	if err := in.Data.check(); err != nil {
		return nil, err
	}
	set, err := in.tagsFor("launch-template")
	if err != nil {
		return nil, err
	}
	template := &launchTemplate{ID: ids.New("lt"), Name: in.Name, Created: s.account.Clock.Now(), Default: 1}
	s.addVersion(template, in.Description, in.Data)
	s.setTags(template.ID, set)
	s.remember("lt", in.ClientToken, template.ID)
	return &launchTemplateOutput{Template: s.launchTemplateItem(template)}, nil
}

// addVersion gives a template its next version.
func (s *launchTemplateOperations) addVersion(t *launchTemplate, description string, data templateData) *templateVersion {
	s.launchTemplates.Put(t.ID, t)
	t.Latest++
	v := &templateVersion{TemplateID: t.ID, Number: t.Latest, Description: description, Created: s.account.Clock.Now(), Data: data}
	s.templateVersions.Put(versionID(t.ID, v.Number), v)
	return v
}

type createVersionInput struct {
	ID          string       `in:"LaunchTemplateId"`
	Name        string       `in:"LaunchTemplateName"`
	Description string       `in:"VersionDescription"`
	Data        templateData `in:"LaunchTemplateData"`
	ClientToken string
}

type versionOutput struct {
	Version versionItem `out:"launchTemplateVersion"`
}

func (s *launchTemplateOperations) createLaunchTemplateVersion(_ context.Context, in *createVersionInput) (*versionOutput, error) {
	template, err := s.launchTemplate(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	if err := in.Data.check(); err != nil {
		return nil, err
	}
	return &versionOutput{Version: s.versionItem(template, s.addVersion(template, in.Description, in.Data))}, nil
}

type modifyLaunchTemplateInput struct {
	ID             string `in:"LaunchTemplateId"`
	Name           string `in:"LaunchTemplateName"`
	DefaultVersion string `in:"SetDefaultVersion"`
	ClientToken    string
}

func (s *launchTemplateOperations) modifyLaunchTemplate(_ context.Context, in *modifyLaunchTemplateInput) (*launchTemplateOutput, error) {
	template, err := s.launchTemplate(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	if in.DefaultVersion != "" {
		v, err := s.version(template, in.DefaultVersion)
		if err != nil {
			return nil, err
		}
		s.launchTemplates.Put(template.ID, template)
		template.Default = v.Number
	}
	return &launchTemplateOutput{Template: s.launchTemplateItem(template)}, nil
}

type launchTemplateIDInput struct {
	ID   string `in:"LaunchTemplateId"`
	Name string `in:"LaunchTemplateName"`
}

func (s *launchTemplateOperations) deleteLaunchTemplate(_ context.Context, in *launchTemplateIDInput) (*launchTemplateOutput, error) {
	template, err := s.launchTemplate(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	item := s.launchTemplateItem(template)
	for number := range template.Latest {
		s.templateVersions.Delete(versionID(template.ID, number+1))
	}
	s.forget(template.ID)
	s.launchTemplates.Delete(template.ID)
	return &launchTemplateOutput{Template: item}, nil
}

type describeLaunchTemplatesInput struct {
	selection
	IDs   []string `in:"LaunchTemplateId"`
	Names []string `in:"LaunchTemplateName"`
}

type describeLaunchTemplatesOutput struct {
	Templates []launchTemplateItem `out:"launchTemplates"`
	NextToken string
}

func (s *launchTemplateOperations) describeLaunchTemplates(_ context.Context, in *describeLaunchTemplatesInput) (*describeLaunchTemplatesOutput, error) {
	templates := family[*launchTemplate]{
		all: list(s.launchTemplates), id: func(t *launchTemplate) string { return t.ID }, notFound: templateIDNotFound,
		attributes: attributes[*launchTemplate]{
			"launch-template-name": func(t *launchTemplate) []string { return one(t.Name) },
			"create-time":          func(t *launchTemplate) []string { return one(t.Created.UTC().Format(time.RFC3339)) },
		},
	}
	for _, name := range in.Names {
		template, ok := s.templateByName(name)
		if !ok {
			return nil, wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist.")
		}
		in.IDs = append(in.IDs, template.ID)
	}
	page, next, err := choose(s.records, templates, in.IDs, in.selection)
	return &describeLaunchTemplatesOutput{Templates: each(page, s.launchTemplateItem), NextToken: next}, err
}

type versionItem struct {
	ID          string       `out:"launchTemplateId"`
	Name        string       `out:"launchTemplateName"`
	Number      int64        `out:"versionNumber"`
	Description string       `out:"versionDescription"`
	Created     time.Time    `out:"createTime"`
	Author      string       `out:"createdBy"`
	Default     bool         `out:"defaultVersion"`
	Data        templateData `out:"launchTemplateData"`
}

func (s *launchTemplateOperations) versionItem(t *launchTemplate, v *templateVersion) versionItem {
	return versionItem{
		ID: t.ID, Name: t.Name, Number: v.Number, Description: v.Description, Created: v.Created,
		Author: s.account.GlobalARN("iam", "root"), Default: v.Number == t.Default, Data: v.Data,
	}
}

type describeVersionsInput struct {
	selection
	ID       string   `in:"LaunchTemplateId"`
	Name     string   `in:"LaunchTemplateName"`
	Versions []string `in:"LaunchTemplateVersion"`
}

type describeVersionsOutput struct {
	Versions  []versionItem `out:"launchTemplateVersionSet"`
	NextToken string
}

// describeLaunchTemplateVersions lists versions of one template, or without one
// the latest or default version of all.
func (s *launchTemplateOperations) describeLaunchTemplateVersions(_ context.Context, in *describeVersionsInput) (*describeVersionsOutput, error) {
	all, err := s.versionsAsked(in)
	if err != nil {
		return nil, err
	}
	versions := family[versionItem]{
		all: func() []versionItem { return all },
		id:  func(v versionItem) string { return versionID(v.ID, v.Number) },
		attributes: attributes[versionItem]{
			"image-id":           func(v versionItem) []string { return one(v.Data.ImageID) },
			"instance-type":      func(v versionItem) []string { return one(v.Data.InstanceType) },
			"is-default-version": func(v versionItem) []string { return oneBool(v.Default) },
			"create-time":        func(v versionItem) []string { return one(v.Created.UTC().Format(time.RFC3339)) },
		},
	}
	page, next, err := choose(s.records, versions, nil, in.selection)
	return &describeVersionsOutput{Versions: page, NextToken: next}, err
}

func (s *launchTemplateOperations) versionsAsked(in *describeVersionsInput) ([]versionItem, error) {
	templates := list(s.launchTemplates)()
	if in.ID != "" || in.Name != "" {
		template, err := s.launchTemplate(in.ID, in.Name)
		if err != nil {
			return nil, err
		}
		templates = []*launchTemplate{template}
	} else if !slices.Contains(in.Versions, latestVersion) && !slices.Contains(in.Versions, defaultVersion) {
		return nil, missing("launchTemplateId or launchTemplateName, or the version $Latest or $Default")
	}
	var items []versionItem
	for _, template := range templates {
		versions := in.Versions
		for number := range template.Latest {
			if len(in.Versions) == 0 {
				versions = append(versions, strconv.FormatInt(number+1, 10))
			}
		}
		for _, version := range versions {
			v, err := s.version(template, version)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(items, func(i versionItem) bool { return i.ID == template.ID && i.Number == v.Number }) {
				items = append(items, s.versionItem(template, v))
			}
		}
	}
	return items, nil
}
