package suite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
)

// Prepared is what all tests of a run share: a network and a DNS zone.
type Prepared struct {
	VPCID            string   `json:"vpc_id"`
	SubnetPublicIDs  []string `json:"subnet_public_ids"`
	SubnetPrivateIDs []string `json:"subnet_private_ids"`
	ZoneID           string   `json:"zone_id"`
	ZoneName         string   `json:"zone_name"`
}

// stagePrepare is the stage of the shared fixtures.
const stagePrepare = report.Prepare

// Prepare makes the network and the zone, both at the same time, at the first
// call of a run, and gives them to every caller.
func (s *Suite) Prepare() (Prepared, error) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	if s.prepared == nil && s.prepareError == nil {
		var prepared Prepared
		prepared, s.prepareError = s.prepare()
		s.prepared = &prepared
	}
	return *s.prepared, s.prepareError
}

func (s *Suite) prepare() (Prepared, error) {
	var prepared Prepared
	shared, err := s.sharedFixtures()
	if err != nil {
		return prepared, err
	}
	var failures [2]error
	var wait sync.WaitGroup
	for i, fixture := range shared {
		wait.Go(func() { failures[i] = s.prepareOne(s.ctx, fixture) })
	}
	wait.Wait()
	if err := errors.Join(failures[:]...); err != nil {
		return prepared, fmt.Errorf("prepare: %w", err)
	}
	for _, fixture := range shared {
		if err := fixture.Outputs(&prepared); err != nil {
			return prepared, err
		}
	}
	return prepared, nil
}

// sharedFixtures are the deployments of the prepare stage.
func (s *Suite) sharedFixtures() ([2]*Deployment, error) {
	var shared [2]*Deployment
	c, err := s.sharedCase()
	if err != nil {
		return shared, err
	}
	for i, fixture := range []struct{ name, folder string }{{"network", "service_network"}, {"zone", "subzone"}} {
		if shared[i], err = s.deployment(stagePrepare, fixture.name, fixture.folder, c); err != nil {
			return shared, err
		}
		s.keepForReport(shared[i])
	}
	return shared, nil
}

// sharedCase is the provider of the prepare stage: the newest that can be had,
// but for a state that another one wrote.
func (s *Suite) sharedCase() (providers.Case, error) {
	probe, err := s.deployment(stagePrepare, "network", "service_network", providers.Case{})
	if err != nil {
		return providers.Case{}, err
	}
	if record, err := readRecord(probe.Dir); err == nil && record.Applied != "" {
		for _, c := range s.Cases() {
			if _, err := s.sources(s.ctx, c); err == nil && c.Name == record.Case {
				return c, nil
			}
		}
	}
	for _, c := range providers.ByPreference(s.requestedCases()) {
		if _, err := s.sources(s.ctx, c); err == nil {
			return c, nil
		}
	}
	_, err = s.newestCase()
	return providers.Case{}, err
}

func (s *Suite) prepareOne(ctx context.Context, d *Deployment) error {
	variables := s.common(map[string]any{"name": s.name("tests")})
	if d.Fixture == "subzone" {
		variables = s.common(map[string]any{"parent_zone_name": s.cloud.ParentZone(), "subdomain": s.name("tests")})
	}
	return d.applyStage(ctx, stagePrepare, variables)
}
