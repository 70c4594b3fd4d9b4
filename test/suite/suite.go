// Package suite is what the integration tests call. A Suite is a run of them; it
// takes a Deployment of a fixture through its stages, by each release line of the
// provider, on the cloud in use. The work is done by the packages below.
package suite

import (
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/configurations"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/prepare"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/terraform"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
	"github.com/infrahouse/terraform-aws-ecs/tools/tftest"
)

// What tests need of the packages below.
type (
	// Prepared is what all tests of a run share: a network and a DNS zone.
	Prepared = prepare.Prepared
	// Changes are the actions that Terraform plans, by the resource's address.
	Changes = terraform.Changes
	// Configurations is a copy of all of the repository's Terraform files.
	Configurations = configurations.Configurations
	// RunInfo is the content of run.json in a work directory.
	RunInfo = workdir.Run
)

// Clouds, stages and tags.
const (
	Local       = settings.Local
	AWS         = settings.AWS
	StageDeploy = stages.Deploy
	TagRun      = run.TagRun
)

// Suite is one run of the integration tests.
type Suite struct {
	settings.Settings
	Root string // the repository's

	run    *run.Run
	shared *prepare.Stage
}

func of(r *run.Run) *Suite {
	return &Suite{Settings: r.Settings, Root: r.Root, run: r, shared: prepare.New(r)}
}

// EachProvider runs a test once for each release line of the provider, as
// parallel subtests named aws-5, aws-6. One whose provider can be had from
// nowhere is skipped, with the reason; under REQUIRE_PROVIDERS it fails. With
// TEST_PROVIDERS=newest only the newest that can be had runs.
func (s *Suite) EachProvider(t *testing.T, test func(t *testing.T, c providers.Case)) {
	t.Helper()
	cases, err := s.run.Tools.Choose(s.run.Interrupts.Tests)
	if err != nil {
		t.Fatal(err)
	}
	s.run.Journal.AskForCases()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			_, err := s.run.Tools.Sources(s.run.Interrupts.Tests, c)
			s.run.Journal.CountCase(err)
			if err != nil {
				t.Skip(err)
			}
			if err := s.run.Open(); err != nil {
				t.Fatal(err)
			}
			test(t, c)
		})
	}
}

// Deployment returns the deployment of a fixture for a test and a case of the
// provider. Its work directory is the test's own.
func (s *Suite) Deployment(t *testing.T, fixture string, c providers.Case) *Deployment {
	t.Helper()
	d, err := stages.New(s.run, stages.Group(t.Name(), c), c.Name, fixture, c)
	if err != nil {
		t.Fatal(err)
	}
	return &Deployment{Deployment: d, run: s.run, shared: s.shared}
}

// Prepare makes what all tests share, at the first call of a run.
func (s *Suite) Prepare() (Prepared, error) { return s.shared.Get() }

// Leftovers lists what there is in the cloud, as far as the cloud can tell:
// localaws knows, AWS holds more than the tests' own.
func (s *Suite) Leftovers() ([]string, error) {
	if err := s.run.Open(); err != nil {
		return nil, err
	}
	return s.run.Cloud.Leftovers(s.run.Interrupts.Tests)
}

// OpenConfigurations copies the repository's Terraform files, to check them.
func (s *Suite) OpenConfigurations() (*Configurations, error) {
	return configurations.Open(s.run.Interrupts.Tests, s.configurations())
}

// Undefended lists all rules of the module, and those that could be taken away
// without a test of refusals failing.
func (s *Suite) Undefended() (rules, undefended []tftest.Rule, err error) {
	return configurations.Undefended(s.run.Interrupts.Tests, s.configurations())
}

func (s *Suite) configurations() configurations.Setup {
	return configurations.Setup{Root: s.Root, Tools: s.run.Tools, Kill: s.run.Interrupts.Kill}
}
