package route53

import (
	"context"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// change is a change on its way to the name servers.
type change struct {
	ID          string
	Comment     string
	InSync      bool
	SubmittedAt time.Time
	InSyncAt    time.Time
}

// changeOperations follow changes until all name servers have them.
type changeOperations struct{ *records }

func (s *changeOperations) getChange(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	c, ok := s.changes.Get(call.Param["id"])
	if !ok {
		return nil, wire.NotFoundf("NoSuchChange", "Could not find resource with ID: %s", call.Param["id"])
	}
	info := c.xml()
	return &rest.Answer{Body: struct{ ChangeInfo changeInfoXML }{info}}, nil
}

func (s *changeOperations) newChange(comment string) *changeInfoXML {
	c := &change{
		ID: "C" + upperID(20), Comment: comment,
		SubmittedAt: s.account.Clock.Now(), InSyncAt: s.account.Clock.In(propagation),
	}
	s.changes.Put(c.ID, c)
	info := c.xml()
	return &info
}

// propagate marks the changes that have reached all name servers, and forgets
// those of an hour ago.
func (s *changeOperations) propagate() (again time.Time) {
	now := s.account.Clock.Now()
	for id, c := range s.changes.All() {
		switch {
		case c.InSync && now.Sub(c.SubmittedAt) > time.Hour:
			s.changes.Delete(id)
		case !c.InSync && !c.InSyncAt.After(now):
			s.changes.Put(id, c)
			c.InSync = true
		case !c.InSync && (again.IsZero() || c.InSyncAt.Before(again)):
			again = c.InSyncAt
		}
	}
	return again
}
