package cloudwatch

import (
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// records are all that CloudWatch keeps, and the topics that alarms notify.
type records struct {
	account    *core.Account
	notify     Notifier
	alarms     *store.Collection[*alarm]     // by name
	dashboards *store.Collection[*dashboard] // by name
	// metrics end with the process: samples come many a second, and are new
	// again soon after a restart. What adds to them does nothing behind that
	// could fail, so that there is nothing to put back.
	metrics map[string]*metric
}

func newRecords(a *core.Account, notify Notifier) *records {
	return &records{
		account: a, notify: notify, metrics: map[string]*metric{},
		alarms:     store.NewCollection[*alarm](a.Records, "cloudwatch", "alarms"),
		dashboards: store.NewCollection[*dashboard](a.Records, "cloudwatch", "dashboards"),
	}
}
