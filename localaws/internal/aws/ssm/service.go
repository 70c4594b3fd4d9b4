// Package ssm is the Parameter Store of AWS Systems Manager, with the public
// parameters that name the images for ECS.
package ssm

import (
	_ "embed"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Images knows the machine images; ec2.Service does.
type Images interface {
	Images() []ec2.Image
}

// Service is the Parameter Store. Its methods are called with the account's lock
// held.
type Service struct {
	account    *core.Account
	public     map[string]*parameter
	parameters *store.Collection[*parameter] // by name
}

// parameter is a parameter; only its latest version is kept.
type parameter struct {
	Name           string
	Type           string
	Description    string
	KeyID          string // of a SecureString
	AllowedPattern string
	Tier           string
	DataType       string
	Tags           tags.Set
	Latest         version
}

type version struct {
	Number   int64
	Value    string
	Modified time.Time
}

// New returns a Parameter Store with the public parameters for the images.
func New(a *core.Account, images Images) *Service {
	return &Service{
		account: a, public: publicParameters(images.Images()),
		parameters: store.NewCollection[*parameter](a.Records, "ssm", "parameters"),
	}
}

// Resources counts what users made, by kind.
func (s *Service) Resources() map[string]int {
	return map[string]int{"parameters": s.parameters.Len()}
}

// Parameter returns a parameter's latest value, decrypted, by name or ARN.
func (s *Service) Parameter(name string) (value string, ok bool) {
	p, err := s.find(name)
	if err != nil {
		return "", false
	}
	return p.Latest.Value, true
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the Parameter Store's entry on the wire, with all operations that it
// has.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:         "ssm",
		Protocol:     wire.JSON11,
		TargetPrefix: "AmazonSSM",
		Check:        Refusals.Refuse("ValidationException"),
		Operations: []wire.Operation{
			wire.ReadOp("GetParameter", s.getParameter),
			wire.Op("PutParameter", s.putParameter),
			wire.Op("DeleteParameter", s.deleteParameter),
			wire.ReadOp("DescribeParameters", s.describeParameters),
			wire.Op("AddTagsToResource", s.addTags),
			wire.Op("RemoveTagsFromResource", s.removeTags),
			wire.ReadOp("ListTagsForResource", s.listTags),
		},
	}
}
