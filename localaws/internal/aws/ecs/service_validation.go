package ecs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// maxTargetGroups is how many target groups a service registers with,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/register-multiple-targetgroups.html.
const maxTargetGroups = 5

func tooManyTargetGroups(n int) *wire.Error {
	return invalid("load balancers can have at most %d items; %d were given: a service registers with at most %d target groups.", maxTargetGroups, n, maxTargetGroups)
}

func daemonDesiredCount() *wire.Error {
	return invalid("The daemon scheduling strategy does not support a desired count for services. Remove a desired count value and try again")
}

// serviceRules checks what CreateService and UpdateService are given.
type serviceRules struct{ *region }

// checkCreation checks what only CreateService sets.
func (s serviceRules) checkCreation(c *cluster, svc *service, in *createServiceInput) error {
	daemon := svc.Scheduling == types.SchedulingStrategyDaemon
	switch {
	case daemon && in.DesiredCount != nil:
		return daemonDesiredCount()
	case daemon && len(in.PlacementStrategy) > 0:
		return invalid("The daemon scheduling strategy does not support placement strategies. Remove the placement strategies and try again.")
	case !daemon && in.DesiredCount == nil:
		return invalid("The desiredCount is required for a service with the replica scheduling strategy.")
	case in.LaunchType != "" && len(in.CapacityProviderStrategy) > 0:
		return invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	case in.LaunchType != "" && in.LaunchType != types.LaunchTypeEc2:
		return invalid("localaws runs tasks on EC2 instances: launch type %s of service %s.", in.LaunchType, svc.Name)
	}
	if err := checkAbsent(svc.Name, in.VolumeConfigurations, in.VpcLatticeConfigurations); err != nil {
		return err
	}
	if svc.ZoneRebalancing == "" {
		svc.ZoneRebalancing = types.AvailabilityZoneRebalancingDisabled
	}
	return s.checkSettings(svc, in.DeploymentConfiguration, in.DeploymentController)
}

// checkAbsent refuses what clients always send, mostly empty, and localaws does
// not have.
func checkAbsent(name string, volumes []types.ServiceVolumeConfiguration, lattice []types.VpcLatticeConfiguration) error {
	switch {
	case len(volumes) > 0:
		return invalid("localaws does not support volumes configured at launch. (service %s)", name)
	case len(lattice) > 0:
		return invalid("localaws does not support VPC Lattice. (service %s)", name)
	}
	return nil
}

// checkSettings checks what can be set and changed without a new deployment.
func (s serviceRules) checkSettings(svc *service, given *types.DeploymentConfiguration, controller *types.DeploymentController) error {
	if controller != nil && controller.Type != "" && controller.Type != types.DeploymentControllerTypeEcs {
		return invalid("localaws supports only the deployment controller ECS; service %s requests %s.", svc.Name, controller.Type)
	}
	if svc.DesiredCount < 0 {
		return invalid("The desiredCount %d must not be negative.", svc.DesiredCount)
	}
	configuration, err := configuration(svc, given)
	if err != nil {
		return err
	}
	svc.Configuration = configuration
	for _, c := range svc.Constraints {
		if err := checkConstraint(string(c.Type), aws.ToString(c.Expression)); err != nil {
			return err
		}
	}
	if len(svc.Placement) > 5 {
		return invalid("Too many placement strategies: %d, at most 5.", len(svc.Placement))
	}
	for i := range svc.Placement {
		if err := checkPlacement(&svc.Placement[i]); err != nil {
			return err
		}
	}
	return nil
}

// configuration merges a deployment configuration with the one there is, and
// AWS's defaults,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html.
func configuration(svc *service, given *types.DeploymentConfiguration) (types.DeploymentConfiguration, error) {
	n := svc.Configuration
	if given != nil {
		switch {
		case given.Strategy != "" && given.Strategy != types.DeploymentStrategyRolling:
			return n, invalid("localaws supports only the deployment strategy ROLLING; service %s requests %s.", svc.Name, given.Strategy)
		case len(given.LifecycleHooks) > 0 || given.CanaryConfiguration != nil || given.LinearConfiguration != nil:
			return n, invalid("localaws does not support deployment lifecycle hooks, canary or linear deployments. (service %s)", svc.Name)
		}
		setTo(&n.MaximumPercent, given.MaximumPercent)
		setTo(&n.MinimumHealthyPercent, given.MinimumHealthyPercent)
		setTo(&n.DeploymentCircuitBreaker, given.DeploymentCircuitBreaker)
		setTo(&n.Alarms, given.Alarms)
		setTo(&n.BakeTimeInMinutes, given.BakeTimeInMinutes)
	}
	most, least := int32(200), int32(100)
	if svc.Scheduling == types.SchedulingStrategyDaemon {
		most, least = 100, 0
	}
	if n.MaximumPercent == nil {
		n.MaximumPercent = &most
	}
	if n.MinimumHealthyPercent == nil {
		n.MinimumHealthyPercent = &least
	}
	if n.DeploymentCircuitBreaker == nil {
		n.DeploymentCircuitBreaker = &types.DeploymentCircuitBreaker{}
	}
	if n.BakeTimeInMinutes == nil {
		n.BakeTimeInMinutes = aws.Int32(0)
	}
	n.Strategy = types.DeploymentStrategyRolling
	switch {
	case *n.MaximumPercent < 0 || *n.MinimumHealthyPercent < 0:
		return n, invalid("maximumPercent %d and minimumHealthyPercent %d must not be negative.", *n.MaximumPercent, *n.MinimumHealthyPercent)
	case *n.MaximumPercent < *n.MinimumHealthyPercent:
		return n, invalid("maximumPercent %d must not be less than minimumHealthyPercent %d.", *n.MaximumPercent, *n.MinimumHealthyPercent)
	case svc.Scheduling == types.SchedulingStrategyDaemon && *n.MinimumHealthyPercent >= 100 && *n.MaximumPercent <= 100,
		*n.MinimumHealthyPercent == *n.MaximumPercent && *n.MaximumPercent == 100:
		return n, invalid("Invalid deployment configuration: with minimumHealthyPercent and maximumPercent both 100, no task could be replaced.")
	}
	return n, nil
}

// completeRevision checks a revision and fills in what it leaves open: the
// task definition's ARN, and where its tasks run.
func (s serviceRules) completeRevision(c *cluster, svc *service, r *revision, definition string) error {
	d, err := s.usable(definition)
	if err != nil {
		return err
	}
	r.TaskDefinition = aws.ToString(d.Definition.TaskDefinitionArn)
	switch {
	case r.Network != nil:
		return invalid("Network Configuration is not valid for the given networkMode of this task definition.")
	case r.Connect != nil && r.Connect.Enabled:
		return invalid("localaws does not support Service Connect. (service %s)", svc.Name)
	case len(r.Registries) > 0:
		return invalid("localaws does not support service discovery registries. (service %s)", svc.Name)
	}
	if len(r.Strategy) == 0 && r.LaunchType == "" {
		// Without a word of the caller's, the cluster's default strategy
		// holds; daemons run everywhere.
		if r.Strategy = c.Strategy; len(r.Strategy) == 0 || svc.Scheduling == types.SchedulingStrategyDaemon {
			r.Strategy, r.LaunchType = nil, types.LaunchTypeEc2
		}
	}
	if err := checkItems(c.Providers, r.Strategy); err != nil {
		return err
	}
	if err := s.checkLoadBalancers(&d.Definition, r.LoadBalancers); err != nil {
		return err
	}
	return checkGrace(svc, r.LoadBalancers)
}

// checkRole checks the role by which ECS registers the service's targets, where
// it is not the service-linked one, and takes it over. Tasks of network mode
// awsvpc, which localaws does not have, can't have one either,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html#ECS-CreateService-request-role.
func (s serviceRules) checkRole(svc *service, r revision, role string) error {
	if role == "" {
		return nil
	}
	switch len(r.LoadBalancers) {
	case 0:
		return roleWithoutLoadBalancer()
	case 1:
	default:
		return needsLinkedRole()
	}
	arn, ok := s.roles.RoleARN(role)
	if ok {
		ok, _ = s.roles.CanAssume(arn, "ecs."+s.acct.DNSSuffix())
	}
	for _, action := range []string{"DescribeTargetGroups", "RegisterTargets", "DeregisterTargets"} {
		resource := aws.ToString(r.LoadBalancers[0].TargetGroupArn)
		if strings.HasPrefix(action, "Describe") {
			resource = "*"
		}
		if ok {
			ok, _ = s.roles.Allows(arn, "elasticloadbalancing:"+action, resource)
		}
	}
	if !ok {
		return roleNotUsable()
	}
	svc.Role = arn
	return nil
}

func checkGrace(svc *service, loadBalancers []types.LoadBalancer) error {
	if g := aws.ToInt32(svc.GracePeriod); g != 0 && len(loadBalancers) == 0 {
		return invalid("Health check grace period is only valid for services configured to use load balancers")
	}
	return nil
}

// checkLoadBalancers checks that tasks of the definition can be registered.
func (s serviceRules) checkLoadBalancers(d *types.TaskDefinition, loadBalancers []types.LoadBalancer) error {
	if len(loadBalancers) > maxTargetGroups {
		return tooManyTargetGroups(len(loadBalancers))
	}
	for _, lb := range loadBalancers {
		arn, name, port := aws.ToString(lb.TargetGroupArn), aws.ToString(lb.ContainerName), aws.ToInt32(lb.ContainerPort)
		switch {
		case lb.LoadBalancerName != nil:
			return invalid("localaws does not support Classic Load Balancers: loadBalancerName %s.", *lb.LoadBalancerName)
		case lb.AdvancedConfiguration != nil:
			return invalid("localaws does not support blue/green deployments: advancedConfiguration of target group %s.", arn)
		case arn == "":
			return invalid("targetGroupArn cannot be empty.")
		}
		if err := s.checkTargetGroup(d, arn); err != nil {
			return err
		}
		container := slices.IndexFunc(d.ContainerDefinitions, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == name })
		if container < 0 {
			return noContainer(name)
		}
		if err := s.checkMapping(d, d.ContainerDefinitions[container], port, arn); err != nil {
			return err
		}
	}
	return nil
}

// checkMapping checks how a container maps the port that is registered with a
// target group.
func (s serviceRules) checkMapping(d *types.TaskDefinition, c types.ContainerDefinition, port int32, arn string) error {
	var found []types.PortMapping
	for _, m := range c.PortMappings {
		if aws.ToInt32(m.ContainerPort) == port {
			found = append(found, m)
		}
	}
	switch {
	case len(found) == 0:
		return noContainerPort(aws.ToString(c.Name), port)
	case len(found) > 1: // TCP and UDP: ECS can't tell whose host port is the target's
		return portMappedTwice(aws.ToString(c.Name), port)
	}
	// Tasks come and go with their host ports, so a number never fits.
	dynamic := d.NetworkMode == types.NetworkModeBridge && aws.ToInt32(found[0].HostPort) == 0
	if tg, _ := s.targets.TargetGroup(arn); dynamic && tg.HealthCheck.Port != "" && tg.HealthCheck.Port != elbv2.TrafficPort {
		return numberedHealthCheckPort(arn)
	}
	return nil
}

func (s serviceRules) checkTargetGroup(d *types.TaskDefinition, arn string) error {
	tg, ok := s.targets.TargetGroup(arn)
	switch {
	case !ok:
		return noTargetGroup(arn)
	case tg.TargetType != "instance":
		return targetTypeMismatch(arn, tg.TargetType, string(d.NetworkMode))
	case len(tg.LoadBalancerARNs) == 0:
		return noLoadBalancer(arn)
	}
	return nil
}
