package iam

import "github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"

// Wire is IAM's entry on the wire, with all operations that it has.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:      "iam",
		Protocol:  wire.Query,
		Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		Operations: []wire.Operation{
			wire.Op("CreateRole", s.createRole),
			wire.Op("DeleteRole", s.deleteRole),
			wire.ReadOp("GetRole", s.getRole),
			wire.ReadOp("ListRoles", s.listRoles),
			wire.Op("UpdateRole", s.updateRole),
			wire.Op("UpdateAssumeRolePolicy", s.updateAssumeRolePolicy),
			wire.Op("PutRolePermissionsBoundary", s.putBoundary),
			wire.Op("DeleteRolePermissionsBoundary", s.deleteBoundary),
			wire.Op("TagRole", s.tagRole),
			wire.Op("UntagRole", s.untagRole),
			wire.ReadOp("ListRoleTags", s.listRoleTags),

			wire.Op("PutRolePolicy", s.putRolePolicy),
			wire.ReadOp("GetRolePolicy", s.getRolePolicy),
			wire.Op("DeleteRolePolicy", s.deleteRolePolicy),
			wire.ReadOp("ListRolePolicies", s.listRolePolicies),
			wire.Op("AttachRolePolicy", s.attachRolePolicy),
			wire.Op("DetachRolePolicy", s.detachRolePolicy),
			wire.ReadOp("ListAttachedRolePolicies", s.listAttachedRolePolicies),

			wire.Op("CreatePolicy", s.createPolicy),
			wire.Op("DeletePolicy", s.deletePolicy),
			wire.ReadOp("GetPolicy", s.getPolicy),
			wire.ReadOp("ListPolicies", s.listPolicies),
			wire.Op("CreatePolicyVersion", s.createPolicyVersion),
			wire.Op("DeletePolicyVersion", s.deletePolicyVersion),
			wire.ReadOp("GetPolicyVersion", s.getPolicyVersion),
			wire.ReadOp("ListPolicyVersions", s.listPolicyVersions),
			wire.Op("SetDefaultPolicyVersion", s.setDefaultPolicyVersion),
			wire.Op("TagPolicy", s.tagPolicy),
			wire.Op("UntagPolicy", s.untagPolicy),

			wire.Op("CreateInstanceProfile", s.createInstanceProfile),
			wire.Op("DeleteInstanceProfile", s.deleteInstanceProfile),
			wire.ReadOp("GetInstanceProfile", s.getInstanceProfile),
			wire.ReadOp("ListInstanceProfilesForRole", s.listInstanceProfilesForRole),
			wire.Op("AddRoleToInstanceProfile", s.addRoleToInstanceProfile),
			wire.Op("RemoveRoleFromInstanceProfile", s.removeRoleFromInstanceProfile),
			wire.Op("TagInstanceProfile", s.tagInstanceProfile),
			wire.Op("UntagInstanceProfile", s.untagInstanceProfile),
		},
	}
}
