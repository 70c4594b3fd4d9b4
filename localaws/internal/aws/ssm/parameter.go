package ssm

import (
	"cmp"
	"context"
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// The types of parameters.
const (
	typeString = "String"
	typeList   = "StringList"
	typeSecure = "SecureString"
)

// How long values may be, in bytes, by tier.
var maxValue = map[string]int{"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}

var parameterName = regexp.MustCompile(`^(/?[a-zA-Z0-9_.-]+)(/[a-zA-Z0-9_.-]+)*$`)

// find reads NAME, NAME:VERSION of the latest version, or an ARN.
func (s *Service) find(name string) (*parameter, error) {
	bare := name
	if _, rest, isARN := strings.Cut(bare, ":parameter/"); strings.HasPrefix(bare, "arn:") && isARN {
		bare = "/" + rest
	}
	bare, selector, _ := strings.Cut(bare, ":")
	p := s.named(bare)
	if p == nil {
		return nil, wire.Errorf("ParameterNotFound", "Parameter %s not found.", name)
	}
	if selector != "" && selector != strconv.FormatInt(p.Latest.Number, 10) {
		return nil, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %s of %s: localaws keeps the latest version only.", selector, bare)
	}
	return p, nil
}

// named finds a parameter by name. In an ARN a name without a slash looks as
// one with it.
func (s *Service) named(name string) *parameter {
	for _, candidate := range []string{name, strings.TrimPrefix(name, "/")} {
		if p, ok := s.public[candidate]; ok {
			return p
		}
		if p, ok := s.parameters.Get(candidate); ok {
			return p
		}
	}
	return nil
}

type parameterItem struct {
	Name             string
	Type             string
	Value            string
	Version          int64
	Selector         string
	LastModifiedDate time.Time
	ARN              string
	DataType         string
}

func (s *Service) item(p *parameter, decrypt bool) parameterItem {
	v := p.Latest
	item := parameterItem{
		Name: p.Name, Type: p.Type, Value: v.Value, Version: v.Number, LastModifiedDate: v.Modified, ARN: s.arn(p), DataType: p.DataType,
	}
	if p.Type == typeSecure && !decrypt {
		// What AWS's Key Management Service would make of it can't be read
		// either.
		item.Value = base64.StdEncoding.EncodeToString([]byte("encrypted:" + v.Value))
	}
	return item
}

// arn is a parameter's ARN; AWS's own have no account.
func (s *Service) arn(p *parameter) string {
	arn := s.account.ARN("ssm", "parameter/"+strings.TrimPrefix(p.Name, "/"))
	if strings.HasPrefix(p.Name, publicPrefix) {
		return strings.Replace(arn, s.account.ID, "", 1)
	}
	return arn
}

type getParameterInput struct {
	Name           string
	WithDecryption bool
}

type getParameterOutput struct{ Parameter parameterItem }

func (s *Service) getParameter(_ context.Context, in *getParameterInput) (*getParameterOutput, error) {
	p, err := s.find(in.Name)
	if err != nil {
		return nil, err
	}
	item := s.item(p, in.WithDecryption)
	if _, selector, ok := strings.Cut(strings.TrimPrefix(in.Name, item.ARN), ":"); ok && !strings.HasPrefix(in.Name, "arn:") {
		item.Selector = ":" + selector
	}
	return &getParameterOutput{item}, nil
}

type putParameterInput struct {
	Name           string
	Description    *string
	Value          string
	Type           string
	KeyID          string
	Overwrite      bool
	AllowedPattern string
	Tags           []tags.Tag
	Tier           string
	DataType       string
}

type putParameterOutput struct {
	Version int64
	Tier    string
}

func (s *Service) putParameter(_ context.Context, in *putParameterInput) (*putParameterOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	p, has := s.parameters.Get(in.Name)
	switch {
	case has && !in.Overwrite:
		return nil, wire.Errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case has && len(in.Tags) > 0:
		return nil, wire.Errorf("ValidationException", "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	case has && in.Type != "" && in.Type != p.Type:
		return nil, wire.Errorf("HierarchyTypeMismatch", "The type of the parameter %s is %s and can't be changed to %s", p.Name, p.Type, in.Type)
	case !has && in.Type == "":
		return nil, wire.Errorf("ValidationException", "A parameter type is required when you create a parameter.")
	case !has:
		set, err := tagRules.New(in.Tags)
		if err != nil {
			return nil, err
		}
		p = &parameter{Name: in.Name, Type: in.Type, Tier: "Standard", DataType: "text", Tags: set}
	}
	if err := in.fits(p); err != nil {
		return nil, err
	}
	s.parameters.Put(p.Name, p)
	in.apply(p, s.account.Clock.Now().UTC())
	return &putParameterOutput{p.Latest.Number, p.Tier}, nil
}

func (in *putParameterInput) check() error {
	switch {
	case strings.HasPrefix(in.Name, publicPrefix):
		return wire.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", in.Name)
	case !parameterName.MatchString(in.Name) || len(in.Name) > 1011:
		return wire.Errorf("ValidationException", "Parameter name %q: can't be other than letters, digits, and the characters . - _ with / between the parts", in.Name)
	case strings.Count(in.Name, "/") > 15:
		return wire.Errorf("HierarchyLevelLimitExceededException", "The parameter name %s has more than 15 levels", in.Name)
	case in.Value == "":
		return wire.Errorf("ValidationException", "The value of %s is empty", in.Name)
	case in.Type != "" && !slices.Contains([]string{typeString, typeList, typeSecure}, in.Type):
		return wire.Errorf("ValidationException", "The type %q of %s is none of String, StringList, SecureString", in.Type, in.Name)
	case in.DataType != "" && in.DataType != "text" && in.DataType != "aws:ec2:image":
		return wire.Errorf("ValidationException", "The data type %q of %s is neither text nor aws:ec2:image", in.DataType, in.Name)
	case in.Tier != "" && maxValue[in.Tier] == 0:
		return wire.Errorf("ValidationException", "The tier %q of %s is none of Standard, Advanced, Intelligent-Tiering", in.Tier, in.Name)
	}
	return nil
}

// fits checks the value by what the parameter allows.
func (in *putParameterInput) fits(p *parameter) error {
	if limit := maxValue[cmp.Or(in.Tier, p.Tier)]; len(in.Value) > limit {
		return wire.Errorf("ValidationException", "The value of %s has %d bytes: %s parameters support at most %d", in.Name, len(in.Value), cmp.Or(in.Tier, p.Tier), limit)
	}
	pattern, err := regexp.Compile(cmp.Or(in.AllowedPattern, p.AllowedPattern))
	if err != nil {
		return wire.Errorf("InvalidAllowedPatternException", "The pattern of %s can't be read: %v", in.Name, err)
	}
	if !pattern.MatchString(in.Value) {
		return wire.Errorf("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", pattern)
	}
	return nil
}

// apply makes the request the parameter's latest version.
func (in *putParameterInput) apply(p *parameter, now time.Time) {
	p.KeyID = cmp.Or(in.KeyID, p.KeyID)
	if p.Type == typeSecure {
		p.KeyID = cmp.Or(p.KeyID, "alias/aws/ssm")
	}
	if in.Description != nil {
		p.Description = *in.Description
	}
	p.AllowedPattern = cmp.Or(in.AllowedPattern, p.AllowedPattern)
	p.DataType = cmp.Or(in.DataType, p.DataType)
	p.Tier = cmp.Or(in.Tier, p.Tier)
	if p.Tier == "Intelligent-Tiering" {
		p.Tier = "Standard"
		if len(in.Value) > maxValue["Standard"] {
			p.Tier = "Advanced"
		}
	}
	p.Latest = version{p.Latest.Number + 1, in.Value, now}
}

type parameterNameInput struct{ Name string }

func (s *Service) deleteParameter(_ context.Context, in *parameterNameInput) (*wire.Empty, error) {
	if !s.parameters.Has(in.Name) {
		return nil, wire.Errorf("ParameterNotFound", "Parameter %s not found.", in.Name)
	}
	s.parameters.Delete(in.Name)
	return nil, nil
}
