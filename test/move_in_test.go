package test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
	"github.com/infrahouse/terraform-aws-ecs/tools/registry"
)

// predecessor is the fixture with a service of the published module.
const predecessor = "predecessor"

// moveIns are the services that move in: their release and load balancer.
var moveIns = []struct{ name, release, lbType string }{
	{"alb-8.3.1", "8.3.1", "alb"},
	{"alb-7.8.0", "7.8.0", "alb"},
	{"nlb-8.3.1", "8.3.1", "nlb"},
}

// TestMoveIn changes the module of a running service from the predecessor to this
// one, as UPGRADING.md says and by its commands, while requests come in on all of its
// listeners: none fails, and everything of weight is the same object afterwards.
func TestMoveIn(t *testing.T) {
	t.Parallel()
	server := startRegistry(t)
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		for _, c := range moveIns {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				m := &moveIn{d: run.Deployment(t, predecessor, provider), server: server, lbType: c.lbType, prefix: c.lbType + c.release[:1]}
				m.d.Environment = server.Environ(os.Getenv)
				defer m.d.Teardown(t)
				m.old(t, c.release)
				m.careless(t)
				file := m.file(t)
				m.leftOut(t, file)
				m.move(t, file)
				m.after(t)
			})
		}
	})
}

// moveIn is a service on its way.
type moveIn struct {
	d      *suite.Deployment
	server *registry.Server
	lbType string
	prefix string // of the service's name

	groups  []targethealth.Group
	streams []*stream
	before  objects
	state   string   // path of what `terraform show -json` printed
	managed []string // addresses of the predecessor's resources
}

func (m *moveIn) variables(shared suite.Prepared) map[string]any {
	variables := serviceVariables(shared, m.d.ServiceName(m.prefix))
	variables["lb_type"] = m.lbType
	return variables
}

// old deploys the predecessor's service and has requests sent to it.
func (m *moveIn) old(t *testing.T, release string) {
	t.Helper()
	m.d.Mutate = of(release)
	m.d.Deploy(t, m.variables)
	m.d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
		outputs := m.healthy(ctx, t, v)
		m.before = objectsOf(ctx, t, v, outputs)
		for _, group := range m.groups {
			m.streams = append(m.streams, startStream(ctx, v.Client(), group))
		}
	})
	require.NotEmpty(t, m.streams, "the service was validated: run without SKIP_validate")
	t.Cleanup(func() { m.finish(t) })
}

// of makes the fixture that of a release.
func of(release string) func(files map[string][]byte) {
	return func(files map[string][]byte) {
		file := filepath.Join("test_data", predecessor, "website-pod", "access_log.tf")
		if content, ok := files[file+"."+release]; ok {
			files[file] = content
		}
	}
}

// healthy waits until the service has settled and its targets are healthy.
func (m *moveIn) healthy(ctx context.Context, t testing.TB, v *suite.Validation) serviceOutputs {
	t.Helper()
	var outputs serviceOutputs
	require.NoError(t, m.d.Outputs(&outputs))
	if m.lbType == "nlb" {
		group := primaryOfNLB(ctx, t, v, outputs, 80)
		group.URL = strings.Replace(group.URL, "tcp://", "http://", 1)
		m.groups = []targethealth.Group{group}
	} else {
		m.groups = append([]targethealth.Group{outputs.primaryGroup(80, "/", outputs.ExpectedBodies[primary])}, outputs.extraGroups()...)
	}
	unsettled := waitSettled(ctx, v, outputs)
	checkGroups(ctx, t, v, outputs, m.groups)
	require.NoError(t, unsettled)
	return outputs
}

// careless changes the version and nothing else: the plan says where to read on.
// It also installs the new version, as the guide's init does.
func (m *moveIn) careless(t *testing.T) {
	t.Helper()
	m.during("show -json")
	m.state = filepath.Join(t.TempDir(), "state.json")
	show, _, _ := strings.Cut(guide(t, "terraform show")[0], " > ")
	require.NoError(t, os.WriteFile(m.state, m.terraform(t, strings.Fields(show)[1:]...), 0o600))
	var err error
	m.managed, err = m.d.Managed()
	require.NoError(t, err)
	m.during("a plan without moving in")
	m.d.Mutate = m.installs("")
	said := m.d.PlanFails(t, m.variables)
	assert.Contains(t, said, "UPGRADING.md")
}

// installs makes the fixture take this module from the registry, beside the file
// that moves the service in, when there is one.
func (m *moveIn) installs(file string) func(files map[string][]byte) {
	base := filepath.Join("test_data", predecessor)
	override := fmt.Appendf(nil, "module \"httpd\" {\n  source  = %q\n  version = %q\n}\n", m.server.Source(registry.ECS()), thisVersion)
	return func(files map[string][]byte) {
		files[filepath.Join(base, "registry_override.tf")] = override
		if file != "" {
			files[filepath.Join(base, "move_in.tf")] = []byte(file)
		}
	}
}

// terraform runs Terraform in the working directory and returns what it prints.
func (m *moveIn) terraform(t *testing.T, args ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, m.d.Run(t.Context(), func(line string) { out.WriteString(line + "\n") }, args...))
	return out.Bytes()
}

// file is what the module's own configuration writes for the service's state: by the
// commands of the guide, whose module has another name.
func (m *moveIn) file(t *testing.T) string {
	t.Helper()
	m.during("the file that moves it in")
	var printed []byte
	for _, command := range guide(t, "terraform -chdir=") {
		command, _, _ = strings.Cut(command, " > ")
		printed = m.terraform(t, strings.Fields(strings.NewReplacer("tempo", "httpd", `"$PWD/state.json"`, m.state).Replace(command))[1:]...)
	}
	return string(printed)
}

// guide lists the commands of UPGRADING.md that begin so.
func guide(t *testing.T, prefix string) []string {
	t.Helper()
	var commands []string
	for line := range strings.Lines(read(t, "UPGRADING.md")) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, prefix) {
			commands = append(commands, line)
		}
	}
	require.NotEmpty(t, commands, "commands of UPGRADING.md that begin with %s", prefix)
	return commands
}

// weighty matches the addresses of what must not be destroyed.
var weighty = regexp.MustCompile(`\.(aws_ecs_cluster|aws_ecs_capacity_provider|aws_ecs_service|aws_a?lb|aws_a?lb_listener|aws_a?lb_target_group` +
	`|aws_acm_certificate|aws_route53_record|aws_cloudwatch_log_group|aws_s3_bucket|aws_sns_topic|aws_sns_topic_subscription` +
	`|aws_autoscaling_group|aws_security_group)\.`)

// unmoved matches the addresses of what stays where it is, without any block.
var unmoved = regexp.MustCompile(`\.(aws_lb_listener\.extra|aws_lb_target_group\.extra|aws_cloudwatch_log_group\.container_insights)\[`)

// leftOut plans with the first block only, which says that the service moves in: of
// every object of weight that the file would move, the plan is the end. So it is of
// one whose blocks are missing, and the test fails.
func (m *moveIn) leftOut(t *testing.T, file string) {
	t.Helper()
	m.during("a plan without any block but the first")
	first := strings.SplitAfterN(file, "\n}\n", 2)[0]
	require.Contains(t, first, "terraform_data.origin")
	m.d.Mutate = m.installs(first)
	planned := m.d.Plan(t, m.variables)
	for _, address := range m.managed {
		if weighty.MatchString(address) && !unmoved.MatchString(address) {
			assert.Contains(t, planned[address], "delete", "what is planned for %s when nothing moves it", address)
		}
	}
}

// move plans and applies the move, and looks whether the next plan is empty.
func (m *moveIn) move(t *testing.T, file string) {
	t.Helper()
	m.during("the move")
	m.d.Mutate = m.installs(file)
	for address, actions := range m.d.Plan(t, m.variables) {
		if weighty.MatchString(address) {
			assert.NotContains(t, actions, "delete", "what the move plans for %s", address)
		}
	}
	m.d.Deploy(t, m.variables)
	m.during("the plan after the move")
	m.d.Mutate = m.installs("")
	assert.Empty(t, m.d.Plan(t, m.variables), "what is planned once the file is gone")
	m.d.Deploy(t, m.variables)
	assert.Equal(t, thisVersion, installedVersion(t, m.d))
}

// after checks that the service is the one that it was, and runs as it should.
func (m *moveIn) after(t *testing.T) {
	t.Helper()
	m.d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
		m.during("the last tasks roll")
		outputs := m.healthy(ctx, t, v)
		waitRefreshed(ctx, t, v, m.before["Auto Scaling group"])
		m.healthy(ctx, t, v)
		for _, group := range m.groups {
			checkAnswer(ctx, t, v.Client(), group)
		}
		after := objectsOf(ctx, t, v, outputs)
		assert.Equal(t, m.before, after, "the objects of the service, by their ids")
		m.finish(t)
		sent, failed := m.during("the end")
		m.d.Report(fmt.Sprintf("moved in: %d requests sent to %d listeners, %d failed\n%s", sent, len(m.streams), failed, m.before.table(after)))
	})
	m.d.Idempotence(t)
}

// during names what the test does, and returns the requests of all streams so far.
func (m *moveIn) during(step string) (sent, failed int) {
	for _, s := range m.streams {
		n, bad := s.during(step)
		sent, failed = sent+n, failed+bad
	}
	return sent, failed
}

func (m *moveIn) finish(t testing.TB) {
	t.Helper()
	for _, s := range m.streams {
		s.finish(t)
	}
}
