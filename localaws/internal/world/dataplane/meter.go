package dataplane

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

const (
	namespaceApplication = "AWS/ApplicationELB"
	namespaceNetwork     = "AWS/NetworkELB"
	metricsPeriod        = time.Minute
)

// series is one metric of one load balancer, or of one of its target groups.
type series struct {
	namespace string
	balancer  string // app/NAME/ID
	group     string // targetgroup/NAME/ID, or ""
	metric    string
	unit      string
}

// sum is what a series has had since the last time it was published.
type sum struct {
	total float64
	count int
}

// meter collects what is measured and logged between two deliveries.
type meter struct {
	mu    sync.Mutex
	sums  map[series]sum
	flows map[series]int // connections that are open
	logs  map[string]*logBuffer
}

func newMeter() *meter {
	return &meter{sums: map[series]sum{}, flows: map[series]int{}, logs: map[string]*logBuffer{}}
}

func (m *meter) add(s series, value float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.sums[s]
	m.sums[s] = sum{before.total + value, before.count + 1}
}

// request counts a finished exchange. The exchange's lock is held.
func (m *meter) request(x *exchange) {
	both := func(metric, unit string, value float64) {
		balancer := x.site.balancer.Suffix()
		m.add(series{namespaceApplication, balancer, "", metric, unit}, value)
		if x.lease != nil {
			m.add(series{namespaceApplication, balancer, x.roster.group.Suffix(), metric, unit}, value)
		}
	}
	if x.lease != nil {
		both("RequestCount", "Count", 1)
	}
	switch {
	case x.targetStatus != 0:
		both(fmt.Sprintf("HTTPCode_Target_%dXX_Count", x.targetStatus/100), "Count", 1)
		both("TargetResponseTime", "Seconds", x.answeredAt.Sub(x.sentAt).Seconds())
	case x.actions == elbv2.ActionFixedResponse:
		both("HTTP_Fixed_Response_Count", "Count", 1)
	case x.actions == elbv2.ActionRedirect:
		both("HTTP_Redirect_Count", "Count", 1)
	case x.status >= 400:
		both(fmt.Sprintf("HTTPCode_ELB_%dXX_Count", x.status/100), "Count", 1)
		if x.status >= 500 {
			both(fmt.Sprintf("HTTPCode_ELB_%d_Count", x.status), "Count", 1)
		}
	}
}

// flow counts a connection of a Network Load Balancer until done is called.
func (m *meter) flow(balancer elbv2.LoadBalancer) (done func()) {
	m.add(series{namespaceNetwork, balancer.Suffix(), "", "NewFlowCount", "Count"}, 1)
	active := series{namespaceNetwork, balancer.Suffix(), "", "ActiveFlowCount", "Count"}
	change := func(by int) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.flows[active] += by
	}
	change(1)
	return func() { change(-1) }
}

func (m *meter) take() map[series]float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	values := map[series]float64{}
	for s, sum := range m.sums {
		values[s] = sum.total
		if s.metric == "TargetResponseTime" {
			values[s] = sum.total / float64(sum.count)
		}
	}
	m.sums = map[series]sum{}
	for s, n := range m.flows {
		values[s] = float64(n)
		if n == 0 {
			delete(m.flows, s)
		}
	}
	return values
}

// publish puts the metrics once a minute, until ctx is done.
func (p *Plane) publish(ctx context.Context) {
	for p.account.Clock.Sleep(ctx, metricsPeriod) == nil {
		p.publishOnce()
	}
}

func (p *Plane) publishOnce() {
	values := p.meter.take()
	p.account.Do(func() {
		for _, group := range p.control.TargetGroups() {
			for _, balancer := range p.control.Balancers() {
				if balancer.State == elbv2.StateActive && slices.Contains(group.LoadBalancerARNs, balancer.ARN) {
					measureHosts(values, balancer.LoadBalancer, group)
				}
			}
		}
		for s, value := range values {
			dimensions := map[string]string{"LoadBalancer": s.balancer}
			if s.group != "" {
				dimensions["TargetGroup"] = s.group
			}
			p.metrics.Put(s.namespace, s.metric, dimensions, value, s.unit)
			if s.metric == "RequestCountPerTarget" {
				p.metrics.Put(s.namespace, s.metric, map[string]string{"TargetGroup": s.group}, value, s.unit)
			}
		}
	})
}

// measureHosts adds how many targets are healthy and how many are not, and the
// requests that each got on average.
func measureHosts(values map[series]float64, balancer elbv2.LoadBalancer, group elbv2.TargetGroup) {
	if len(group.Targets) == 0 {
		return
	}
	healthy, unhealthy := 0, 0
	for _, target := range group.Targets {
		switch target.Health.State {
		case elbv2.Healthy:
			healthy++
		case elbv2.Unhealthy:
			unhealthy++
		}
	}
	namespace := namespaceApplication
	if balancer.Type == elbv2.Network {
		namespace = namespaceNetwork
	}
	of := func(metric string) series {
		return series{namespace, balancer.Suffix(), group.Suffix(), metric, "Count"}
	}
	values[of("HealthyHostCount")] = float64(healthy)
	values[of("UnHealthyHostCount")] = float64(unhealthy)
	if requests, ok := values[of("RequestCount")]; ok {
		values[of("RequestCountPerTarget")] = requests / float64(max(1, healthy))
	}
}
