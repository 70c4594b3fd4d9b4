package ecs

import "github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"

// Refusals with the codes and words of
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
// and of the single operations.

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

func clientError(format string, args ...any) *wire.Error {
	return wire.Errorf("ClientException", format, args...)
}

func clusterNotFound() *wire.Error {
	return wire.Errorf("ClusterNotFoundException", "Cluster not found.")
}

func serviceNotFound() *wire.Error {
	return wire.Errorf("ServiceNotFoundException", "Service not found.")
}

func serviceNotActive() *wire.Error {
	return wire.Errorf("ServiceNotActiveException", "Service was not ACTIVE.")
}

func definitionNotFound() *wire.Error {
	return clientError("Unable to describe task definition.")
}

func definitionMissing() *wire.Error { return clientError("TaskDefinition not found.") }

func definitionInactive() *wire.Error { return clientError("TaskDefinition is inactive") }

func clusterContains(what string) *wire.Error {
	words := map[string]string{
		"ContainerInstances": "The Cluster cannot be deleted while Container Instances are active or draining.",
		"Services":           "The Cluster cannot be deleted while Services are active.",
		"Tasks":              "The Cluster cannot be deleted while Tasks are active.",
	}
	return wire.Errorf("ClusterContains"+what+"Exception", "%s", words[what])
}

func noLoadBalancer(targetGroupARN string) *wire.Error {
	return invalid("The target group with targetGroupArn %s does not have an associated load balancer.", targetGroupARN)
}

func noTargetGroup(targetGroupARN string) *wire.Error {
	return invalid("The target group with targetGroupArn %s does not exist.", targetGroupARN)
}

func noContainer(name string) *wire.Error {
	return invalid("The container %s does not exist in the task definition.", name)
}

func noContainerPort(name string, port int32) *wire.Error {
	return invalid("The container %s did not have a container port %d defined.", name, port)
}

func portMappedTwice(name string, port int32) *wire.Error {
	return invalid("Container port %d is used in more than one port mapping for container %s", port, name)
}

func numberedHealthCheckPort(targetGroupARN string) *wire.Error {
	return invalid("The task definition is configured to use a dynamic host port, but the target group with targetGroupArn %s has a health check port specified.", targetGroupARN)
}

func targetTypeMismatch(arn, targetType, mode string) *wire.Error {
	return invalid("The provided target group %s has target type %s, which is incompatible with the %s network mode specified in the task definition.", arn, targetType, mode)
}

func roleWithoutLoadBalancer() *wire.Error {
	return invalid("IAM roles are only valid for services configured to use load balancers.")
}

func needsLinkedRole() *wire.Error {
	return invalid("You cannot specify an IAM role for services that require a service linked role.")
}

func roleNotUsable() *wire.Error {
	return invalid("Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role being passed has the proper permissions.")
}

func providerNotFound(name string) *wire.Error {
	return invalid("The specified capacity provider '%s' was not found.", name)
}

func providerInUse(name string) *wire.Error {
	return wire.Errorf("ResourceInUseException", "The specified capacity provider is in use and cannot be removed. (%s)", name)
}

func instanceNotFound() *wire.Error {
	return invalid("The referenced container instance does not exist in the cluster.")
}

func taskNotFound() *wire.Error { return invalid("The referenced task was not found.") }

func deploymentNotFound(arn string) *wire.Error {
	return wire.Errorf("ServiceDeploymentNotFoundException", "The service deployment is not found: %s", arn)
}

func targetNotFound(id string) *wire.Error {
	return wire.Errorf("TargetNotFoundException", "The specified target wasn't found: %s", id)
}

func tooManyAttributes(arn string) *wire.Error {
	return wire.Errorf("AttributeLimitExceededException", "%s would have more than %d custom attributes.", arn, maxAttributes)
}

func tokenTaken(token string) *wire.Error {
	return wire.Errorf("ConflictException", "The clientToken %s was used by a RunTask with other parameters.", token)
}

func resourceNotFound(arn string) *wire.Error {
	return wire.Errorf("ResourceNotFoundException", "The specified resource is not found: %s", arn)
}
