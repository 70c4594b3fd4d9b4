// Package prepare makes what all tests of a run share: a network and a DNS zone.
package prepare

import (
	"errors"
	"fmt"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Prepared is what all tests of a run share.
type Prepared struct {
	VPCID            string   `json:"vpc_id"`
	SubnetPublicIDs  []string `json:"subnet_public_ids"`
	SubnetPrivateIDs []string `json:"subnet_private_ids"`
	ZoneID           string   `json:"zone_id"`
	ZoneName         string   `json:"zone_name"`
}

// Fixtures of the stage, by the names of their deployments.
const (
	network, networkFixture = "network", "service_network"
	zone, zoneFixture       = "zone", "subzone"
)

// Stage is the prepare stage of a run.
type Stage struct {
	run  *run.Run
	once func() (Prepared, error)
}

// New returns the stage of a run, which must be open at the first Get.
func New(r *run.Run) *Stage {
	s := &Stage{run: r}
	s.once = sync.OnceValues(s.prepare)
	return s
}

// Get makes the network and the zone, both at the same time, at the first call
// of a run, and gives them to every caller.
func (s *Stage) Get() (Prepared, error) { return s.once() }

func (s *Stage) prepare() (Prepared, error) {
	var prepared Prepared
	shared, err := s.deployments()
	if err != nil {
		return prepared, err
	}
	variables := []map[string]any{
		s.run.Variables(map[string]any{"name": s.run.Name("tests")}),
		s.run.Variables(map[string]any{"parent_zone_name": s.run.Cloud.ParentZone(), "subdomain": s.run.Name("tests")}),
	}
	var failures [2]error
	var wait sync.WaitGroup
	for i, d := range shared {
		wait.Go(func() { failures[i] = d.ApplyStage(s.run.Interrupts.Tests, stages.Prepare, variables[i]) })
	}
	wait.Wait()
	if err := errors.Join(failures[:]...); err != nil {
		return prepared, fmt.Errorf("prepare: %w", err)
	}
	for _, d := range shared {
		if err := d.Outputs(&prepared); err != nil {
			return prepared, err
		}
	}
	return prepared, nil
}

// deployments are those of the network and of the zone.
func (s *Stage) deployments() (shared [2]*stages.Deployment, err error) {
	c, err := s.providerCase()
	if err != nil {
		return shared, err
	}
	if shared[0], err = stages.New(s.run, stages.Prepare, network, networkFixture, c); err != nil {
		return shared, err
	}
	shared[1], err = stages.New(s.run, stages.Prepare, zone, zoneFixture, c)
	return shared, err
}

// providerCase is the provider of the stage: the newest that can be had, but for
// a state that another one wrote.
func (s *Stage) providerCase() (providers.Case, error) {
	ctx := s.run.Interrupts.Tests
	if record, err := workdir.ReadRecord(s.run.Workdir.DeploymentDir(stages.Prepare, network)); err == nil && record.Applied != "" {
		if c, ok := s.run.Tools.Case(ctx, record.Case); ok {
			return c, nil
		}
	}
	return s.run.Tools.FirstToHave(ctx, s.run.Tools.Requested())
}
