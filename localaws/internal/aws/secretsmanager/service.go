// Package secretsmanager is AWS Secrets Manager: secrets, their versions and
// the stages that point to them.
//
// API: https://docs.aws.amazon.com/secretsmanager/latest/apireference/.
package secretsmanager

import (
	"crypto/rand"
	_ "embed"
	"maps"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// The stages that Secrets Manager moves by itself.
const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"
)

// Service is Secrets Manager. Its methods are called with the account's lock
// held.
type Service struct {
	*records
	*secretOperations
	operations []wire.Operation
}

type secret struct {
	ARN         string
	Name        string
	Description string
	KMSKeyID    string
	Policy      string
	Created     time.Time
	Changed     time.Time
	DeleteAt    time.Time // zero unless deletion is scheduled
	Deleted     time.Time // when that was asked for
	Versions    map[string]*version
	Tags        core.Tags
}

type version struct {
	ID      string
	String  *string
	Binary  []byte
	Stages  []string // sorted
	Created time.Time
}

// New returns a Secrets Manager without secrets.
func New(a *core.Account) *Service {
	r := newRecords(a)
	secrets := &secretOperations{r}
	return &Service{r, secrets, slices.Concat(secrets.operations(), (&valueOperations{r}).operations())}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "secretsmanager", Protocol: wire.JSON11, TargetPrefix: "secretsmanager",
		Check:      Refusals.Refuse("ValidationException"),
		Operations: s.operations,
	}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	count := 0
	for _, one := range s.secrets.All() {
		if one.DeleteAt.IsZero() {
			count++
		}
	}
	return map[string]int{"secrets": count}
}

// SecretValue is the text of a secret: of a version, or of the one at a stage,
// or of the current one. The name may be an ARN, with or without the six
// characters at its end.
func (s *Service) SecretValue(nameOrARN, stage, versionID string) (value string, ok bool) {
	found, err := s.secret(nameOrARN)
	if err != nil || !found.DeleteAt.IsZero() {
		return "", false
	}
	v, err := found.version(versionID, stage)
	if err != nil || v.String == nil {
		return "", false
	}
	return *v.String, true
}

// version finds a version by its id or by a stage.
func (s *secret) version(id, stage string) (*version, error) {
	if id == "" && stage == "" {
		stage = stageCurrent
	}
	for _, v := range s.Versions {
		if (id == "" || v.ID == id) && (stage == "" || slices.Contains(v.Stages, stage)) {
			return v, nil
		}
	}
	what := "staging label: " + stage
	if id != "" {
		what = "VersionId: " + id
	}
	return nil, wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for %s", what)
}

// move points a stage at a version, and away from the one that had it. The one
// that was current becomes the previous one.
func (s *secret) move(stage string, to *version) {
	for _, v := range s.Versions {
		if v == to || !slices.Contains(v.Stages, stage) {
			continue
		}
		v.Stages = slices.DeleteFunc(v.Stages, func(have string) bool { return have == stage })
		if stage == stageCurrent {
			s.move(stagePrevious, v)
		}
	}
	if !slices.Contains(to.Stages, stage) {
		to.Stages = append(to.Stages, stage)
		slices.Sort(to.Stages)
	}
	if stage == stageCurrent {
		to.Stages = slices.DeleteFunc(to.Stages, func(have string) bool { return have == stagePrevious })
	}
}

// forget drops the versions that no stage points to, but for the newest
// hundred.
func (s *secret) forget() {
	const kept = 100
	ids := slices.Collect(maps.Keys(s.Versions))
	slices.SortFunc(ids, func(a, b string) int { return s.Versions[b].Created.Compare(s.Versions[a].Created) })
	for i, id := range ids {
		if i >= kept && len(s.Versions[id].Stages) == 0 {
			delete(s.Versions, id)
		}
	}
}

// suffix is the six random characters at the end of a secret's ARN.
func suffix() string {
	return rand.Text()[:6]
}
