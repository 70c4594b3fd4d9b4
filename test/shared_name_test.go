package test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
)

// TestSharedName: of two services with one name, one goes, and the other keeps its
// records, also those by which ACM renews its certificate. Then the ALB of the
// other one becomes an NLB, and the name has an address all the time.
func TestSharedName(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		s := &sharedName{d: run.Deployment(t, "shared_name", provider)}
		defer s.d.Teardown(t)
		s.apply(t, map[string]string{"blue": "alb", "green": "alb"},
			"A blue", "A green", "CAA blue", "CAA green", "CNAME blue", "CNAME green")
		s.apply(t, map[string]string{"blue": "alb"}, "A blue", "CAA blue", "CNAME blue")
		s.watch(t)
		s.apply(t, map[string]string{"blue": "nlb"}, "A blue")
		s.stop()
		assert.Greater(t, s.looks, 1, "looks at the address during the change")
		assert.Empty(t, s.gaps, "times at which the name had no address")
	})
}

type sharedName struct {
	d       *suite.Deployment
	client  *awsapi.Client
	zoneID  string
	host    string
	stop    func()
	looks   int
	gaps    []string
	watcher sync.WaitGroup
}

// apply makes the services be there, and checks the records of their name: type
// and set identifier of each.
func (s *sharedName) apply(t *testing.T, services map[string]string, records ...string) {
	t.Helper()
	s.d.Deploy(t, func(shared suite.Prepared) map[string]any {
		variables := serviceVariables(shared, s.d.ServiceName("shared"))
		variables["services"] = services
		s.zoneID = shared.ZoneID
		return variables
	})
	s.d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
		var outputs struct {
			HostName string `json:"host_name"`
		}
		require.NoError(t, s.d.Outputs(&outputs))
		s.client, s.host = awsapi.New(v.Config()), outputs.HostName
		found, err := s.records(ctx)
		require.NoError(t, err)
		assert.ElementsMatch(t, records, found, "records of %s", s.host)
		v.Result(fmt.Sprintf("%d services share %s", len(services), s.host))
	})
	s.d.Idempotence(t)
}

// records are type and set identifier of each record of the name, and of those
// below it, which validate its certificates. Route 53 lists them one after the
// other.
func (s *sharedName) records(ctx context.Context) ([]string, error) {
	var page struct {
		Records []struct {
			Name          string
			Type          string
			SetIdentifier string
		} `xml:"ResourceRecordSets>ResourceRecordSet"`
	}
	if err := s.client.Get(ctx, awsapi.Route53, "/2013-04-01/hostedzone/"+s.zoneID+"/rrset?name="+s.host, &page); err != nil {
		return nil, fmt.Errorf("listing records: %w", err)
	}
	var found []string
	for _, record := range page.Records {
		if name := strings.TrimSuffix(record.Name, "."); name == s.host || strings.HasSuffix(name, "."+s.host) {
			found = append(found, record.Type+" "+record.SetIdentifier)
		}
	}
	return found, nil
}

// watch looks at the address of the name until stop is called.
func (s *sharedName) watch(t *testing.T) {
	t.Helper()
	require.NotNil(t, s.client, "the services were validated: run without SKIP_validate")
	ctx, cancel := context.WithCancel(t.Context())
	s.stop = func() { cancel(); s.watcher.Wait() }
	t.Cleanup(s.stop)
	s.watcher.Go(func() {
		look := time.NewTicker(100 * time.Millisecond)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
			}
			found, err := s.records(ctx)
			if ctx.Err() != nil {
				return
			}
			s.looks++
			if err != nil || !strings.Contains(strings.Join(found, "\n"), "A blue") {
				s.gaps = append(s.gaps, fmt.Sprintf("%s: %v %v", time.Now().Format("15:04:05.000"), found, err))
			}
		}
	})
}
