// Package ssm is the Parameter Store of AWS Systems Manager, with the public
// parameters that name the images for ECS.
package ssm

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Images knows the machine images; ec2.Service does.
type Images interface {
	Images() []ec2.Image
}

// Service is the Parameter Store. All methods are called with the account's
// lock held.
type Service struct {
	account *core.Account
	public  map[string]*parameter
	state   state
}

type state struct {
	Parameters map[string]*parameter // by name
}

// parameter has all of its versions, the latest last.
type parameter struct {
	Name           string
	Type           string
	Description    string
	KeyID          string // of a SecureString
	AllowedPattern string
	Tier           string
	DataType       string
	Tags           core.Tags
	Versions       []version
}

type version struct {
	Number   int64
	Value    string
	Modified time.Time
}

// maxVersions is how many versions a parameter keeps.
const maxVersions = 100

func (p *parameter) latest() version { return p.Versions[len(p.Versions)-1] }

// New returns a Parameter Store with the public parameters for the images.
func New(a *core.Account, images Images) *Service {
	return &Service{account: a, public: publicParameters(images.Images()), state: emptyState()}
}

func emptyState() state { return state{Parameters: map[string]*parameter{}} }

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "ssm" }

// Snapshot returns all the state there is.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state by what Snapshot returned.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := emptyState()
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("reading the state of ssm: %w", err)
	}
	s.state = restored
	return nil
}

// Resources counts what users made, by kind.
func (s *Service) Resources() map[string]int {
	return map[string]int{"parameters": len(s.state.Parameters)}
}

// Parameter returns a parameter's latest value, decrypted, by name or ARN.
func (s *Service) Parameter(name string) (value string, ok bool) {
	p, v, err := s.find(name)
	if err != nil || p == nil {
		return "", false
	}
	return v.Value, true
}

// Wire is the Parameter Store's entry on the wire, with all operations that it
// has.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:         "ssm",
		Protocol:     wire.JSON11,
		TargetPrefix: "AmazonSSM",
		Operations: []wire.Operation{
			wire.ReadOp("GetParameter", s.getParameter),
			wire.ReadOp("GetParameters", s.getParameters),
			wire.ReadOp("GetParametersByPath", s.getParametersByPath),
			wire.ReadOp("GetParameterHistory", s.getParameterHistory),
			wire.Op("PutParameter", s.putParameter),
			wire.Op("DeleteParameter", s.deleteParameter),
			wire.Op("DeleteParameters", s.deleteParameters),
			wire.ReadOp("DescribeParameters", s.describeParameters),
			wire.Op("AddTagsToResource", s.addTags),
			wire.Op("RemoveTagsFromResource", s.removeTags),
			wire.ReadOp("ListTagsForResource", s.listTags),
		},
	}
}
