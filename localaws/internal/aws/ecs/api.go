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
			wire.ReadOp("DescribeClusters", s.describeClusters),
			wire.ReadOp("ListClusters", s.listClusters),
			wire.Op("UpdateCluster", s.updateCluster),
			wire.Op("UpdateClusterSettings", s.updateClusterSettings),
			wire.Op("PutClusterCapacityProviders", s.putClusterCapacityProviders),
			wire.Op("DeleteCluster", s.deleteCluster),

			wire.Op("CreateCapacityProvider", s.createCapacityProvider),
			wire.ReadOp("DescribeCapacityProviders", s.describeCapacityProviders),
			wire.Op("UpdateCapacityProvider", s.updateCapacityProvider),
			wire.Op("DeleteCapacityProvider", s.deleteCapacityProvider),

			wire.Op("RegisterTaskDefinition", s.registerTaskDefinition),
			wire.ReadOp("DescribeTaskDefinition", s.describeTaskDefinition),
			wire.ReadOp("ListTaskDefinitions", s.listTaskDefinitions),
			wire.ReadOp("ListTaskDefinitionFamilies", s.listTaskDefinitionFamilies),
			wire.Op("DeregisterTaskDefinition", s.deregisterTaskDefinition),
			wire.Op("DeleteTaskDefinitions", s.deleteTaskDefinitions),

			wire.Op("CreateService", s.createService),
			wire.ReadOp("DescribeServices", s.describeServices),
			wire.ReadOp("ListServices", s.listServices),
			wire.Op("UpdateService", s.updateService),
			wire.Op("DeleteService", s.deleteService),
			wire.ReadOp("ListServiceDeployments", s.listServiceDeployments),
			wire.ReadOp("DescribeServiceDeployments", s.describeServiceDeployments),
			wire.ReadOp("DescribeServiceRevisions", s.describeServiceRevisions),
			wire.Op("StopServiceDeployment", s.stopServiceDeployment),

			wire.Op("RunTask", s.runTask),
			wire.Op("StartTask", s.startTask),
			wire.Op("StopTask", s.stopTask),
			wire.ReadOp("ListTasks", s.listTasks),
			wire.ReadOp("DescribeTasks", s.describeTasks),
			wire.Op("UpdateTaskProtection", s.updateTaskProtection),
			wire.ReadOp("GetTaskProtection", s.getTaskProtection),
			wire.Op("ExecuteCommand", s.executeCommand),

			wire.ReadOp("ListContainerInstances", s.listContainerInstances),
			wire.ReadOp("DescribeContainerInstances", s.describeContainerInstances),
			wire.Op("UpdateContainerInstancesState", s.updateContainerInstancesState),
			wire.Op("DeregisterContainerInstance", s.deregisterContainerInstance),
			wire.Op("PutAttributes", s.putAttributes),
			wire.Op("DeleteAttributes", s.deleteAttributes),
			wire.ReadOp("ListAttributes", s.listAttributes),

			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.ReadOp("ListTagsForResource", s.listTagsForResource),

			wire.Op("PutAccountSetting", s.putAccountSetting),
			wire.Op("PutAccountSettingDefault", s.putAccountSetting),
			wire.ReadOp("ListAccountSettings", s.listAccountSettings),
			wire.Op("DeleteAccountSetting", s.deleteAccountSetting),
		},
	}
}
