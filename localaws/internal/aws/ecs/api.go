package ecs

import "github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"

// Wire is the service's API,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:         "ecs",
		Protocol:     wire.JSON11,
		TargetPrefix: "AmazonEC2ContainerServiceV20141113",
		LowerCamel:   true,
		Operations: []wire.Operation{
			wire.Op("CreateCluster", s.createCluster),
			wire.Op("DescribeClusters", s.describeClusters),
			wire.Op("ListClusters", s.listClusters),
			wire.Op("UpdateCluster", s.updateCluster),
			wire.Op("UpdateClusterSettings", s.updateClusterSettings),
			wire.Op("PutClusterCapacityProviders", s.putClusterCapacityProviders),
			wire.Op("DeleteCluster", s.deleteCluster),

			wire.Op("CreateCapacityProvider", s.createCapacityProvider),
			wire.Op("DescribeCapacityProviders", s.describeCapacityProviders),
			wire.Op("UpdateCapacityProvider", s.updateCapacityProvider),
			wire.Op("DeleteCapacityProvider", s.deleteCapacityProvider),

			wire.Op("RegisterTaskDefinition", s.registerTaskDefinition),
			wire.Op("DescribeTaskDefinition", s.describeTaskDefinition),
			wire.Op("ListTaskDefinitions", s.listTaskDefinitions),
			wire.Op("ListTaskDefinitionFamilies", s.listTaskDefinitionFamilies),
			wire.Op("DeregisterTaskDefinition", s.deregisterTaskDefinition),
			wire.Op("DeleteTaskDefinitions", s.deleteTaskDefinitions),

			wire.Op("CreateService", s.createService),
			wire.Op("DescribeServices", s.describeServices),
			wire.Op("ListServices", s.listServices),
			wire.Op("UpdateService", s.updateService),
			wire.Op("DeleteService", s.deleteService),
			wire.Op("ListServiceDeployments", s.listServiceDeployments),
			wire.Op("DescribeServiceDeployments", s.describeServiceDeployments),
			wire.Op("DescribeServiceRevisions", s.describeServiceRevisions),
			wire.Op("StopServiceDeployment", s.stopServiceDeployment),

			wire.Op("RunTask", s.runTask),
			wire.Op("StartTask", s.startTask),
			wire.Op("StopTask", s.stopTask),
			wire.Op("ListTasks", s.listTasks),
			wire.Op("DescribeTasks", s.describeTasks),
			wire.Op("UpdateTaskProtection", s.updateTaskProtection),
			wire.Op("GetTaskProtection", s.getTaskProtection),
			wire.Op("ExecuteCommand", s.executeCommand),

			wire.Op("ListContainerInstances", s.listContainerInstances),
			wire.Op("DescribeContainerInstances", s.describeContainerInstances),
			wire.Op("UpdateContainerInstancesState", s.updateContainerInstancesState),
			wire.Op("DeregisterContainerInstance", s.deregisterContainerInstance),
			wire.Op("PutAttributes", s.putAttributes),
			wire.Op("DeleteAttributes", s.deleteAttributes),
			wire.Op("ListAttributes", s.listAttributes),

			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.Op("ListTagsForResource", s.listTagsForResource),

			wire.Op("PutAccountSetting", s.putAccountSetting),
			wire.Op("PutAccountSettingDefault", s.putAccountSetting),
			wire.Op("ListAccountSettings", s.listAccountSettings),
			wire.Op("DeleteAccountSetting", s.deleteAccountSetting),
		},
	}
}
