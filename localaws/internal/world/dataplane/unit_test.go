package dataplane

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
)

func TestSlowStartGrowsTheShare(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC))
	o := newPool(fake)
	target := func(id string, state string) elbv2.RegisteredTarget {
		return elbv2.RegisteredTarget{Target: elbv2.Target{ID: id, Port: 80}, Health: elbv2.Health{State: state}}
	}
	group := elbv2.TargetGroup{Protocol: "HTTP", Attributes: map[string]string{"slow_start.duration_seconds": "100"}}
	group.Targets = []elbv2.RegisteredTarget{target("old", elbv2.Healthy)}
	o.update(group, elbv2.LoadBalancer{}, nil)
	fake.Advance(time.Hour)
	group.Targets = append(group.Targets, target("new", elbv2.Healthy))
	o.update(group, elbv2.LoadBalancer{}, nil)
	share := func() int {
		count := 0
		for range 300 {
			l := o.now().choose("", nil)
			if l.target.ID == "new" {
				count++
			}
			l.release()
		}
		return count
	}
	assert.Less(t, share(), 10, "at the beginning")
	fake.Advance(50 * time.Second)
	assert.InDelta(t, 100, share(), 10, "half a share: a third of all")
	fake.Advance(50 * time.Second)
	assert.InDelta(t, 150, share(), 10, "a full share")
}

func TestLeastOutstandingRequests(t *testing.T) {
	t.Parallel()
	o := newPool(clock.NewFake(time.Time{}))
	group := elbv2.TargetGroup{Protocol: "HTTP", Attributes: map[string]string{"load_balancing.algorithm.type": "least_outstanding_requests"}}
	for _, id := range []string{"a", "b"} {
		group.Targets = append(group.Targets, elbv2.RegisteredTarget{Target: elbv2.Target{ID: id, Port: 80}, Health: elbv2.Passed()})
	}
	o.update(group, elbv2.LoadBalancer{}, nil)
	first, second := o.now().choose("", nil), o.now().choose("", nil)
	assert.NotEqual(t, first.target, second.target)
	first.release()
	assert.Equal(t, first.target, o.now().choose("", nil).target)
}

func named(arn string) *roster { return &roster{group: elbv2.TargetGroup{ARN: arn}} }

func TestWeights(t *testing.T) {
	t.Parallel()
	r := rule{groups: []weighted{{named("never"), 0}, {named("three"), 3}, {named("one"), 1}}}
	seen := map[string]int{}
	for range 4000 {
		seen[r.pick().group.ARN]++
	}
	assert.Zero(t, seen["never"])
	assert.InDelta(t, 3000, seen["three"], 200)
	assert.Nil(t, (&rule{groups: []weighted{{named("none"), 0}}}).pick())
}
