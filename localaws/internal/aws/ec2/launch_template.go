package ec2

import (
	"context"
	"encoding/base64"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
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
	Versions        map[int64]*templateVersion
}

type templateVersion struct {
	Number      int64
	Description string
	Created     time.Time
	Data        templateData
}

// Template is a version of a launch template as other services see it.
type Template struct {
	ID, Name              string
	Version               int64
	ImageID, InstanceType string
	KeyName               string
	UserData              []byte // decoded
	// Profile is an instance profile's name or ARN, or "".
	Profile        string
	SecurityGroups []string
	// Spot means that instances are asked for on the Spot market.
	Spot bool
}

// ResolveTemplate returns a version of a launch template, found by id or, when
// id is "", by name. version is a number, $Latest or $Default; "" is $Default.
func (s *Service) ResolveTemplate(id, name, version string) (Template, error) {
	template, err := s.launchTemplate(id, name)
	if err != nil {
		return Template{}, err
	}
	v, err := template.version(version)
	if err != nil {
		return Template{}, err
	}
	userData, err := base64.StdEncoding.DecodeString(v.Data.UserData)
	if err != nil {
		return Template{}, wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	resolved := Template{
		ID: template.ID, Name: template.Name, Version: v.Number, ImageID: v.Data.ImageID, InstanceType: v.Data.InstanceType,
		KeyName: v.Data.KeyName, UserData: userData, SecurityGroups: slices.Clone(v.Data.groups()),
		Spot: v.Data.InstanceMarketOptions != nil && v.Data.InstanceMarketOptions.MarketType == "spot",
	}
	if p := v.Data.IAMInstanceProfile; p != nil {
		resolved.Profile = p.ARN + p.Name
	}
	return resolved, nil
}

// groups are the security groups of the template's first interface, or of the
// instance.
func (d *templateData) groups() []string {
	if len(d.Interfaces) > 0 {
		return d.Interfaces[0].Groups
	}
	return d.SecurityGroupIDs
}

func (s *Service) launchTemplate(id, name string) (*launchTemplate, error) {
	if id == "" && name == "" {
		return nil, missing("launchTemplateId or launchTemplateName")
	}
	if id != "" {
		if template, ok := s.state.LaunchTemplates[id]; ok {
			return template, nil
		}
		return nil, templateIDNotFound(id)
	}
	if template, ok := s.templateByName(name); ok {
		return template, nil
	}
	return nil, templateNameNotFound(name)
}

func (s *Service) templateByName(name string) (*launchTemplate, bool) {
	for _, template := range s.state.LaunchTemplates {
		if template.Name == name {
			return template, true
		}
	}
	return nil, false
}

func (t *launchTemplate) version(version string) (*templateVersion, error) {
	number := t.Default
	switch version {
	case "", defaultVersion:
	case latestVersion:
		number = t.Latest
	default:
		n, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return nil, wire.Errorf("InvalidLaunchTemplateVersion.Malformed", "The launch template version %q is neither a number nor $Latest nor $Default.", version)
		}
		number = n
	}
	if v, ok := t.Versions[number]; ok {
		return v, nil
	}
	return nil, wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", version, t.ID)
}

type launchTemplateItem struct {
	ID      string     `out:"launchTemplateId"`
	Name    string     `out:"launchTemplateName"`
	Created time.Time  `out:"createTime"`
	Author  string     `out:"createdBy"`
	Default int64      `out:"defaultVersionNumber"`
	Latest  int64      `out:"latestVersionNumber"`
	Tags    []core.Tag `out:"tagSet"`
}

func (s *Service) launchTemplateItem(t *launchTemplate) launchTemplateItem {
	return launchTemplateItem{
		ID: t.ID, Name: t.Name, Created: t.Created, Author: s.account.GlobalARN("iam", "root"),
		Default: t.Default, Latest: t.Latest, Tags: s.tagList(t.ID),
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

func (s *Service) createLaunchTemplate(_ context.Context, in *createLaunchTemplateInput) (*launchTemplateOutput, error) {
	if made, ok := s.state.LaunchTemplates[s.state.Tokens["lt "+in.ClientToken]]; ok {
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
	tags, err := in.tagsFor("launch-template")
	if err != nil {
		return nil, err
	}
	now := s.account.Clock.Now()
	template := &launchTemplate{
		ID: ids.New("lt"), Name: in.Name, Created: now, Default: 1, Latest: 1,
		Versions: map[int64]*templateVersion{1: {Number: 1, Description: in.Description, Created: now, Data: in.Data}},
	}
	s.state.LaunchTemplates[template.ID] = template
	s.setTags(template.ID, tags)
	s.remember("lt", in.ClientToken, template.ID)
	return &launchTemplateOutput{Template: s.launchTemplateItem(template)}, nil
}

type createVersionInput struct {
	ID            string `in:"LaunchTemplateId"`
	Name          string `in:"LaunchTemplateName"`
	Description   string `in:"VersionDescription"`
	SourceVersion string
	Data          templateData `in:"LaunchTemplateData"`
	ClientToken   string
}

type versionOutput struct {
	Version versionItem `out:"launchTemplateVersion"`
}

func (s *Service) createLaunchTemplateVersion(_ context.Context, in *createVersionInput) (*versionOutput, error) {
	template, err := s.launchTemplate(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	if in.SourceVersion != "" {
		source, err := template.version(in.SourceVersion)
		if err != nil {
			return nil, err
		}
		in.Data.inherit(source.Data)
	}
	if err := in.Data.check(); err != nil {
		return nil, err
	}
	template.Latest++
	v := &templateVersion{Number: template.Latest, Description: in.Description, Created: s.account.Clock.Now(), Data: in.Data}
	template.Versions[v.Number] = v
	return &versionOutput{Version: s.versionItem(template, v)}, nil
}

type modifyLaunchTemplateInput struct {
	ID             string `in:"LaunchTemplateId"`
	Name           string `in:"LaunchTemplateName"`
	DefaultVersion string `in:"SetDefaultVersion"`
	ClientToken    string
}

func (s *Service) modifyLaunchTemplate(_ context.Context, in *modifyLaunchTemplateInput) (*launchTemplateOutput, error) {
	template, err := s.launchTemplate(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	if in.DefaultVersion != "" {
		v, err := template.version(in.DefaultVersion)
		if err != nil {
			return nil, err
		}
		template.Default = v.Number
	}
	return &launchTemplateOutput{Template: s.launchTemplateItem(template)}, nil
}

type launchTemplateIDInput struct {
	ID   string `in:"LaunchTemplateId"`
	Name string `in:"LaunchTemplateName"`
}

func (s *Service) deleteLaunchTemplate(_ context.Context, in *launchTemplateIDInput) (*launchTemplateOutput, error) {
	template, err := s.launchTemplate(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	item := s.launchTemplateItem(template)
	s.forget(template.ID)
	delete(s.state.LaunchTemplates, template.ID)
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

func (s *Service) describeLaunchTemplates(_ context.Context, in *describeLaunchTemplatesInput) (*describeLaunchTemplatesOutput, error) {
	templates := family[*launchTemplate]{
		all: values(s.state.LaunchTemplates), id: func(t *launchTemplate) string { return t.ID }, notFound: templateIDNotFound,
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
	page, next, err := choose(s, templates, in.IDs, in.selection)
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

func (s *Service) versionItem(t *launchTemplate, v *templateVersion) versionItem {
	return versionItem{
		ID: t.ID, Name: t.Name, Number: v.Number, Description: v.Description, Created: v.Created,
		Author: s.account.GlobalARN("iam", "root"), Default: v.Number == t.Default, Data: v.Data,
	}
}

type describeVersionsInput struct {
	selection
	ID           string   `in:"LaunchTemplateId"`
	Name         string   `in:"LaunchTemplateName"`
	Versions     []string `in:"LaunchTemplateVersion"`
	MinVersion   *int64
	MaxVersion   *int64
	ResolveAlias *bool
}

type describeVersionsOutput struct {
	Versions  []versionItem `out:"launchTemplateVersionSet"`
	NextToken string
}

// describeLaunchTemplateVersions lists versions of one template, or without one
// the latest or default version of all.
func (s *Service) describeLaunchTemplateVersions(_ context.Context, in *describeVersionsInput) (*describeVersionsOutput, error) {
	all, err := s.versionsAsked(in)
	if err != nil {
		return nil, err
	}
	versions := family[versionItem]{
		all: func() []versionItem { return all },
		// Padded, so that version 10 comes after 9.
		id: func(v versionItem) string { return v.ID + " " + strconv.FormatInt(1_000_000+v.Number, 10) },
		attributes: attributes[versionItem]{
			"image-id":           func(v versionItem) []string { return one(v.Data.ImageID) },
			"instance-type":      func(v versionItem) []string { return one(v.Data.InstanceType) },
			"is-default-version": func(v versionItem) []string { return oneBool(v.Default) },
			"create-time":        func(v versionItem) []string { return one(v.Created.UTC().Format(time.RFC3339)) },
		},
	}
	page, next, err := choose(s, versions, nil, in.selection)
	return &describeVersionsOutput{Versions: each(page, func(v versionItem) versionItem { return v }), NextToken: next}, err
}

func (s *Service) versionsAsked(in *describeVersionsInput) ([]versionItem, error) {
	templates := slices.Collect(maps.Values(s.state.LaunchTemplates))
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
		versions, err := template.chosen(in)
		if err != nil {
			return nil, err
		}
		for _, v := range versions {
			items = append(items, s.versionItem(template, v))
		}
	}
	return items, nil
}

func (t *launchTemplate) chosen(in *describeVersionsInput) ([]*templateVersion, error) {
	var found []*templateVersion
	for _, version := range in.Versions {
		v, err := t.version(version)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	if len(in.Versions) > 0 {
		return found, nil
	}
	for number, v := range t.Versions {
		if (in.MinVersion == nil || number >= *in.MinVersion) && (in.MaxVersion == nil || number <= *in.MaxVersion) {
			found = append(found, v)
		}
	}
	return found, nil
}

type deleteVersionsInput struct {
	ID       string   `in:"LaunchTemplateId"`
	Name     string   `in:"LaunchTemplateName"`
	Versions []string `in:"LaunchTemplateVersion"`
}

type deleteVersionsOutput struct {
	Deleted []deletedVersion `out:"successfullyDeletedLaunchTemplateVersionSet"`
	Kept    []keptVersion    `out:"unsuccessfullyDeletedLaunchTemplateVersionSet"`
}

type deletedVersion struct {
	ID     string `out:"launchTemplateId"`
	Name   string `out:"launchTemplateName"`
	Number int64  `out:"versionNumber"`
}

type keptVersion struct {
	deletedVersion
	Error versionError `out:"responseError"`
}

type versionError struct{ Code, Message string }

func (s *Service) deleteLaunchTemplateVersions(_ context.Context, in *deleteVersionsInput) (*deleteVersionsOutput, error) {
	template, err := s.launchTemplate(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	out := &deleteVersionsOutput{Deleted: []deletedVersion{}, Kept: []keptVersion{}}
	for _, version := range in.Versions {
		number, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return nil, invalid("launchTemplateVersion", version, "Use a number.")
		}
		named := deletedVersion{template.ID, template.Name, number}
		switch _, ok := template.Versions[number]; {
		case !ok:
			out.Kept = append(out.Kept, keptVersion{named, versionError{"launchTemplateVersionDoesNotExist", "The launch template version does not exist."}})
		case number == template.Default:
			out.Kept = append(out.Kept, keptVersion{named, versionError{"unexpectedError", "The default version can't be deleted: delete the template, or make another version its default."}})
		default:
			delete(template.Versions, number)
			out.Deleted = append(out.Deleted, named)
		}
	}
	return out, nil
}

// inherit takes what the data does not say from a version before.
func (d *templateData) inherit(source templateData) {
	to, from := reflect.ValueOf(d).Elem(), reflect.ValueOf(source)
	for i := range to.NumField() {
		if to.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
}
