package ecs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// region is what all parts of ECS share: the account, the records, and what ECS
// needs of other services. Its methods find records; they change none.
type region struct {
	acct     *core.Account
	machines Machines
	groups   Groups
	targets  Targets
	roles    Roles
	alarms   Alarms
	state    state

	// reported are the tasks that agents have reported as RUNNING to this
	// process, and for those that already ran when the state was restored the
	// time by which each has to be healthy: until then, and before its agent
	// has reported it, its health does not count.
	reported map[string]time.Time
	usage    map[string]usage // of tasks, by their ARNs
}

// usage is what an agent last reported that a task uses.
type usage struct {
	cpuUnits, memoryMiB float64
	at                  time.Time
}

func (r *region) arn(resource string) string { return r.acct.ARN("ecs", resource) }

// cluster finds an active cluster by name or ARN; "" is the one called
// default.
func (r *region) cluster(nameOrARN string) (*cluster, error) {
	c, _ := r.state.Clusters.Get(clusterName(nameOrARN))
	if c == nil || c.Status != active || (strings.HasPrefix(nameOrARN, "arn:") && nameOrARN != c.ARN) {
		return nil, clusterNotFound()
	}
	return c, nil
}

// defaultCluster is the cluster of requests that name none.
const defaultCluster = "default"

func clusterName(nameOrARN string) string {
	if nameOrARN == "" {
		return defaultCluster
	}
	return lastPart(nameOrARN)
}

// lastPart is what stands behind the last slash of an ARN.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func (r *region) serviceARN(cluster, name string) string {
	return r.arn("service/" + cluster + "/" + name)
}

// service finds a service by name or ARN in the cluster.
func (r *region) service(cluster, nameOrARN string) (*service, error) {
	c, err := r.cluster(cluster)
	if err != nil {
		return nil, err
	}
	svc, _ := r.state.Services.Get(r.serviceARN(c.Name, lastPart(nameOrARN)))
	if svc == nil || (strings.HasPrefix(nameOrARN, "arn:") && svc.ARN != nameOrARN) {
		return nil, serviceNotFound()
	}
	return svc, nil
}

// tasksWhere returns the tasks that match, the oldest first.
func (r *region) tasksWhere(matches func(*task) bool) []*task {
	var tasks []*task
	for _, t := range r.state.Tasks.All() {
		if matches(t) {
			tasks = append(tasks, t)
		}
	}
	slices.SortFunc(tasks, func(a, b *task) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return tasks
}

// tasksOf returns the service's tasks that have not stopped, the oldest first.
func (r *region) tasksOf(svc *service) []*task {
	return r.tasksWhere(func(t *task) bool { return t.Service == svc.ARN && t.LastStatus != stopped })
}

// tasksOn returns the instance's tasks that have not stopped, the oldest first.
func (r *region) tasksOn(i *containerInstance) []*task {
	return r.tasksWhere(func(t *task) bool { return t.Instance == i.ARN && t.LastStatus != stopped })
}

// task finds a task by id or ARN.
func (r *region) task(c *cluster, idOrARN string) *task {
	t, _ := r.state.Tasks.Get(r.arn("task/" + c.Name + "/" + lastPart(idOrARN)))
	if t == nil || (strings.HasPrefix(idOrARN, "arn:") && t.ARN != idOrARN) {
		return nil
	}
	return t
}

// instances returns a cluster's container instances, the oldest first.
func (r *region) instances(cluster string) []*containerInstance {
	var all []*containerInstance
	for _, i := range r.state.Instances.All() {
		if i.Cluster == cluster {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b *containerInstance) int {
		return cmp.Or(a.RegisteredAt.Compare(b.RegisteredAt), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// instance finds a container instance by id or ARN.
func (r *region) instance(c *cluster, idOrARN string) *containerInstance {
	i, _ := r.state.Instances.Get(r.arn("container-instance/" + c.Name + "/" + lastPart(idOrARN)))
	return i
}

// instanceOf is the container instance of an EC2 instance, nil if it has none.
func (r *region) instanceOf(ec2ID string) *containerInstance {
	for _, i := range r.state.Instances.All() {
		if i.EC2ID == ec2ID {
			return i
		}
	}
	return nil
}

// taskInstance is the container instance that runs the task, nil if none does.
func (r *region) taskInstance(t *task) *containerInstance {
	i, _ := r.state.Instances.Get(t.Instance)
	return i
}

// definition finds a definition by ARN, family:revision, or family for its
// newest active revision.
func (r *region) definition(name string) *taskDefinition {
	short := lastPart(name)
	if strings.HasPrefix(name, "arn:") && !strings.Contains(name, ":"+r.acct.Region+":") {
		return nil
	}
	if strings.Contains(short, ":") {
		return r.revision(short)
	}
	newest, _ := r.state.Revisions.Get(short)
	for n := newest; n > 0; n-- {
		if d := r.revision(definitionKey(short, n)); d != nil && d.Definition.Status == types.TaskDefinitionStatusActive {
			return d
		}
	}
	return nil
}

// revision finds a definition by family:revision, or by the ARN that ends so.
func (r *region) revision(nameOrARN string) *taskDefinition {
	d, _ := r.state.Definitions.Get(lastPart(nameOrARN))
	return d
}

// usable returns the definition that a task or service is to run.
func (r *region) usable(name string) (*taskDefinition, error) {
	if name == "" {
		return nil, invalid("TaskDefinition can not be blank.")
	}
	d := r.definition(name)
	if d == nil {
		return nil, definitionMissing()
	}
	if d.Definition.Status != types.TaskDefinitionStatusActive {
		return nil, definitionInactive()
	}
	if d.Definition.NetworkMode == types.NetworkModeAwsvpc {
		return nil, invalid("localaws runs tasks in network mode bridge, host or none; task definition %s has awsvpc.", key(&d.Definition))
	}
	return d, nil
}

// provider finds a capacity provider by name or ARN, also one that is gone.
func (r *region) provider(nameOrARN string) *capacityProvider {
	p, _ := r.state.Providers.Get(lastPart(nameOrARN))
	if p == nil || (strings.HasPrefix(nameOrARN, "arn:") && p.ARN != nameOrARN) {
		return nil
	}
	return p
}

// scaled reports whether the capacity provider launches instances for tasks.
func (r *region) scaled(provider string) bool {
	p := r.provider(provider)
	return p != nil && p.Status == active && p.ManagedScaling.Status == types.ManagedScalingStatusEnabled
}

// providerOf is the capacity provider of the cluster whose group the instance
// belongs to, "" for none.
func (r *region) providerOf(i *containerInstance) string {
	name, ok := r.groups.GroupOf(i.EC2ID)
	if !ok {
		return ""
	}
	group, ok := r.groups.Group(name)
	if !ok {
		return ""
	}
	c, _ := r.state.Clusters.Get(i.Cluster)
	for _, p := range r.state.Providers.All() {
		if p.Status == active && p.GroupARN == group.ARN && c != nil && slices.Contains(c.Providers, p.Name) {
			return p.Name
		}
	}
	return ""
}

// clustersOf returns the active clusters that have the capacity provider.
func (r *region) clustersOf(p *capacityProvider) []*cluster {
	var clusters []*cluster
	for _, c := range r.state.Clusters.All() {
		if c.Status == active && slices.Contains(c.Providers, p.Name) {
			clusters = append(clusters, c)
		}
	}
	return clusters
}

// roleTrouble is why ECS can't assume the task's roles, "" if it can.
func (r *region) roleTrouble(d *taskDefinition, o *types.TaskOverride) string {
	execution, role := aws.ToString(d.Definition.ExecutionRoleArn), aws.ToString(d.Definition.TaskRoleArn)
	if o != nil && o.ExecutionRoleArn != nil {
		execution = *o.ExecutionRoleArn
	}
	if o != nil && o.TaskRoleArn != nil {
		role = *o.TaskRoleArn
	}
	for _, name := range []string{execution, role} {
		if name == "" {
			continue
		}
		arn, known := r.roles.RoleARN(name)
		if known {
			known, _ = r.roles.CanAssume(arn, "ecs-tasks."+r.acct.DNSSuffix())
		}
		if !known {
			return "ECS was unable to assume the role '" + name + "' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
		}
	}
	return ""
}

// after is when d of AWS's time will have passed since t.
func (r *region) after(t time.Time, d time.Duration) time.Time {
	return t.Add(r.acct.Clock.Real(d))
}
