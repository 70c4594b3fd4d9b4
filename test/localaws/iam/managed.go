package iam

import "github.com/infrahouse/terraform-aws-ecs/test/localaws/account"

func managedPolicies(a *account.Account) map[string]*policy { return map[string]*policy{} }
