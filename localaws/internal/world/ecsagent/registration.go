package ecsagent

import (
	"maps"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// Versions that the agent says it has.
const (
	agentVersion  = "1.97.1"
	dockerVersion = "25.0.8"
)

// capabilities are attributes of every instance with a current agent,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
var capabilities = strings.Fields(`
com.amazonaws.ecs.capability.docker-remote-api.1.17 com.amazonaws.ecs.capability.docker-remote-api.1.18
com.amazonaws.ecs.capability.docker-remote-api.1.19 com.amazonaws.ecs.capability.docker-remote-api.1.21
com.amazonaws.ecs.capability.docker-remote-api.1.25 com.amazonaws.ecs.capability.docker-remote-api.1.29
com.amazonaws.ecs.capability.docker-remote-api.1.44
com.amazonaws.ecs.capability.logging-driver.awslogs com.amazonaws.ecs.capability.logging-driver.json-file
com.amazonaws.ecs.capability.logging-driver.none com.amazonaws.ecs.capability.logging-driver.syslog
com.amazonaws.ecs.capability.privileged-container com.amazonaws.ecs.capability.task-iam-role
com.amazonaws.ecs.capability.task-iam-role-network-host com.amazonaws.ecs.capability.ecr-auth
ecs.capability.execution-role-awslogs ecs.capability.execution-role-ecr-pull ecs.capability.container-health-check
ecs.capability.container-ordering ecs.capability.secrets.asm.environment-variables
ecs.capability.secrets.ssm.environment-variables ecs.capability.docker-plugin.local ecs.capability.efsAuth ecs.capability.efs`)

// registration is what the agent says of its instance.
func (a *agent) registration(image ec2.Image) ecs.Registration {
	kind, _ := a.EC2.InstanceType(a.machine.Instance.Type)
	r := ecs.Registration{
		Cluster: a.settings.cluster, EC2InstanceID: a.machine.Instance.ID,
		CPUUnits: kind.VCPUs * cpuUnits, MemoryMiB: max(0, usableMemory(kind.MemoryMiB)-a.settings.reservedMemory),
		AgentVersion: agentVersion, DockerVersion: dockerVersion, Attributes: map[string]string{},
	}
	for _, name := range capabilities {
		r.Attributes[name] = ""
	}
	maps.Copy(r.Attributes, a.settings.attributes)
	if a.settings.gpus && image.GPU {
		for range kind.GPUs {
			r.GPUs = append(r.GPUs, "GPU-"+ids.UUID())
		}
	}
	return r
}

// usableMemory is what the kernel of an instance sees of its type's memory, in
// MiB: about 5 % goes to the platform and the kernel itself.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html
func usableMemory(total int) int { return total*955/1000 - 40 }
