package route53

import (
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// records are the zones and changes that Route 53 keeps.
type records struct {
	account *core.Account
	aliases AliasTargets
	zones   *store.Collection[*zone]   // by id
	changes *store.Collection[*change] // by id
}

func newRecords(a *core.Account) *records {
	return &records{
		account: a,
		zones:   store.NewCollection[*zone](a.Records, "route53", "zones"),
		changes: store.NewCollection[*change](a.Records, "route53", "changes"),
	}
}

func (s *records) zone(id string) (*zone, error) {
	z, ok := s.zones.Get(strings.TrimPrefix(id, "/hostedzone/"))
	if !ok {
		return nil, noSuchZone(id)
	}
	return z, nil
}
