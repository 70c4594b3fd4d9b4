package server

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/acm"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/appautoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/athena"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/efs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/events"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/glue"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/kms"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/s3"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/secretsmanager"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/sns"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ssm"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/sts"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/tagging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/docker"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/dataplane"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/dns"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/ecsagent"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/pki"
)

// service is a part with an API.
type service interface{ Wire() wire.Service }

// counted is a service that can tell how many resources users made in it, by
// kind.
type counted interface{ Resources() map[string]int }

// runner is a part in which something goes on by itself.
type runner interface{ Run(ctx context.Context) }

// world is all services and all that lives, wired to each other.
type world struct {
	account   *core.Account
	authority *pki.Authority
	runtime   containers.Runtime

	ec2      *ec2.Service
	elbv2    *elbv2.Service
	route53  *route53.Service
	machines *machines.Machines
	dns      *dns.Server
	ecs      *ecs.Service

	services  []service
	balancers *dataplane.Plane
}

// newWorld makes the parts, those first that others need.
func newWorld(ctx context.Context, a *core.Account, network *loopback.Network, options Options) (*world, error) {
	authority, err := pki.Open(filepath.Join(options.Directory, pkiDirectory))
	if err != nil {
		return nil, err
	}
	memory := kernel.NewBudget()
	runtime, err := newRuntime(ctx, a, network, memory, options)
	if err != nil {
		return nil, err
	}
	w := &world{account: a, authority: authority, runtime: runtime}

	roles := iam.New(a)
	secrets := secretsmanager.New(a)
	topics := sns.New(a)
	metrics := cloudwatch.New(a, topics)
	bus := events.New(a, topics)
	keys := kms.New(a)
	logGroups := logs.New(a, logs.WithKeys(keys))
	buckets := s3.New(a, filepath.Join(options.Directory, objectsDir))

	w.ec2 = ec2.New(a, network, roles)
	parameters := ssm.New(a, w.ec2)
	w.route53 = route53.New(a)
	certificates := acm.New(a, w.route53, authority)
	files := efs.New(a, w.ec2, filepath.Join(options.Directory, filesDir))
	w.elbv2 = elbv2.New(a, w.ec2, certificates, buckets)
	w.route53.CheckAliases(w.elbv2)
	groups := autoscaling.New(a, w.ec2, w.elbv2, metrics)
	w.ecs = ecs.New(a, w.ec2, groups, w.elbv2, roles, metrics, ecs.WithEvents(bus), ecs.WithAlarms(metrics))
	scaling := appautoscaling.New(a, w.ecs, metrics)

	w.services = []service{
		w.ec2, roles, sts.New(a, roles), parameters, secrets, keys, w.route53, certificates, buckets,
		logGroups, topics, metrics, bus, files, glue.New(a), athena.New(a), w.elbv2, groups, w.ecs, scaling,
	}
	w.services = append(w.services, tagging.New(a, tagged(w.services)...))
	w.dns = dns.New(a, w.route53, w.elbv2, a.Log)
	if err := w.dns.Listen(ctx, netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
		return nil, err
	}
	agents := ecsagent.New(a, ecsagent.Deps{
		EC2: w.ec2, Control: w.ecs, Roles: roles, Logs: logGroups, Runtime: runtime, Network: network,
		Parameters: parameters, Secrets: secrets, Files: files,
	})
	w.machines = machines.New(a, machines.Deps{
		Instances: w.ec2, Roles: roles, Service: agents, Network: network, Budget: memory,
		Directory: filepath.Join(options.Directory, tasksDir),
	})
	w.balancers = dataplane.New(a, w.elbv2, w.ec2, network, certificates, metrics, buckets)
	return w, nil
}

// tagged are the services whose resources the Tagging API finds.
func tagged(services []service) []tagging.Tagged {
	var all []tagging.Tagged
	for _, s := range services {
		if t, ok := s.(tagging.Tagged); ok {
			all = append(all, t)
		}
	}
	return all
}

func newRuntime(ctx context.Context, a *core.Account, network *loopback.Network, memory *kernel.Budget, options Options) (containers.Runtime, error) {
	switch options.Runtime {
	case "", "embedded":
		return embedded.New(a.Clock, network, memory), nil
	case "docker":
		return docker.New(ctx)
	}
	return nil, fmt.Errorf("%q is not a container runtime: embedded runs known images inside the process, docker runs real ones", options.Runtime)
}

// seed makes what an account has before anyone uses it.
func (w *world) seed(zone string) { w.route53.SeedZone(zone) }

func (w *world) wireServices() []wire.Service {
	var all []wire.Service
	for _, s := range w.services {
		all = append(all, s.Wire())
	}
	return all
}

// running is everything in which something goes on by itself, but for the load
// balancers: these check the health of what the rest brings up.
func (w *world) running() []func(context.Context) {
	all := []func(context.Context){w.dns.Run, w.machines.Run}
	for _, s := range w.services {
		if r, ok := s.(runner); ok {
			all = append(all, r.Run)
		}
	}
	return all
}

// status is what the admin interface tells.
func (w *world) status() client.Status {
	status := client.Status{Services: map[string]map[string]int{}}
	w.account.Do(func() {
		for _, s := range w.services {
			if c, ok := s.(counted); ok {
				status.Services[s.Wire().Name] = c.Resources()
			}
		}
		status.Targets = w.targets()
		status.Instances = w.instances()
		status.Troubles = w.troubles()
	})
	return status
}

func (w *world) targets() []client.Target {
	all := []client.Target{}
	for _, group := range w.elbv2.TargetGroups() {
		for _, t := range group.Targets {
			all = append(all, client.Target{
				TargetGroup: group.Name, Target: fmt.Sprintf("%s:%d", t.ID, t.Port),
				State: t.Health.State, Reason: t.Health.Reason,
			})
		}
	}
	slices.SortFunc(all, func(a, b client.Target) int {
		return strings.Compare(a.TargetGroup+a.Target, b.TargetGroup+b.Target)
	})
	return all
}

func (w *world) instances() []client.Instance {
	var all []client.Instance
	for _, i := range w.ec2.Instances() {
		if i.State != "terminated" {
			all = append(all, client.Instance{ID: i.ID, State: i.State, BootLog: w.machines.BootLog(i.ID)})
		}
	}
	return all
}

func (w *world) troubles() []client.Trouble {
	var all []client.Trouble
	for _, t := range w.ecs.Troubles() {
		all = append(all, client.Trouble{
			Service: t.Cluster + "/" + t.Service, FailedTasks: t.Failed, RolledBack: t.RolledBack, Reason: t.Reason,
		})
	}
	return all
}

// named is a name and port at which a load balancer listens.
type named struct {
	Name     string
	Port     int
	Protocol string // of the listener
}

// listenerNames are all names, of load balancers and of records that are
// aliases of them, with each port of the load balancer.
func (w *world) listenerNames() []named {
	var all []named
	w.account.Do(func() {
		aliases := w.route53.AliasNames()
		for _, lb := range w.elbv2.Balancers() {
			names := []string{lb.DNSName}
			for name, target := range aliases {
				if target == strings.ToLower(lb.DNSName) {
					names = append(names, name)
				}
			}
			for _, listener := range lb.Listeners {
				for _, name := range names {
					all = append(all, named{Name: name, Port: int(listener.Port), Protocol: listener.Protocol})
				}
			}
		}
	})
	return all
}
