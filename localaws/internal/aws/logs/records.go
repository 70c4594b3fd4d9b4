package logs

import (
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// records are the groups and streams that CloudWatch Logs keeps.
type records struct {
	account *core.Account
	keys    Keys                      // nil: none is looked at
	groups  *store.Collection[*group] // by name
	streams streams
}

func newRecords(a *core.Account) *records {
	return &records{
		account: a,
		groups:  store.NewCollection[*group](a.Records, "logs", "groups"),
		streams: newStreams(a.Records),
	}
}

func (s *records) arn(g *group) string { return s.account.ARN("logs", "log-group:"+g.Name) }

func (s *records) now() int64 { return s.account.Clock.Now().UnixMilli() }

// group finds a group by its name or by an identifier, which is a name or an
// ARN. It is for reading only.
func (s *records) group(name, identifier string) (*group, error) {
	if name == "" {
		name = groupOfARN(identifier)
	}
	g, ok := s.groups.Get(name)
	if !ok {
		return nil, notFound("group", name)
	}
	return g, nil
}

// change finds a group as group does, to be changed.
func (s *records) change(name string) (*group, error) {
	g, err := s.group(name, "")
	if err == nil {
		s.groups.Put(g.Name, g)
	}
	return g, err
}

// stream finds a stream; it is for reading only.
func (s *records) stream(groupName, streamName string) (*stream, error) {
	g, err := s.group(groupName, "")
	if err != nil {
		return nil, err
	}
	st, ok := s.streams.get(g.Name, streamName)
	if !ok {
		return nil, notFound("stream", streamName)
	}
	return st, nil
}
