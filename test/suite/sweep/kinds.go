package sweep

import "strings"

// kind is how Terraform knows a type of resource.
type kind struct {
	terraform string
	// identify makes of the last part of an ARN, without its type, the ID that
	// the provider reads and deletes by, and attributes that it needs for that.
	identify func(arn, name string) (id string, attributes map[string]any)
}

// kinds are the types that a run makes, by service and type as in ARNs.
var kinds = map[string]kind{
	"acm:certificate":                   {"aws_acm_certificate", byARN},
	"athena:workgroup":                  {"aws_athena_workgroup", byName},
	"autoscaling:autoScalingGroup":      {"aws_autoscaling_group", autoScalingGroup},
	"cloudwatch:alarm":                  {"aws_cloudwatch_metric_alarm", byName},
	"ec2:elastic-ip":                    {"aws_eip", byName},
	"ec2:internet-gateway":              {"aws_internet_gateway", byName},
	"ec2:launch-template":               {"aws_launch_template", byName},
	"ec2:natgateway":                    {"aws_nat_gateway", byName},
	"ec2:route-table":                   {"aws_route_table", byName},
	"ec2:security-group":                {"aws_security_group", byName},
	"ec2:subnet":                        {"aws_subnet", byName},
	"ec2:vpc":                           {"aws_vpc", byName},
	"ec2:vpc-endpoint":                  {"aws_vpc_endpoint", byName},
	"ecs:capacity-provider":             {"aws_ecs_capacity_provider", byARN},
	"ecs:cluster":                       {"aws_ecs_cluster", ecsCluster},
	"ecs:service":                       {"aws_ecs_service", ecsService},
	"ecs:task-definition":               {"aws_ecs_task_definition", taskDefinition},
	"elasticfilesystem:file-system":     {"aws_efs_file_system", byName},
	"elasticloadbalancing:loadbalancer": {"aws_lb", byARN},
	"elasticloadbalancing:targetgroup":  {"aws_lb_target_group", byARN},
	"events:rule":                       {"aws_cloudwatch_event_rule", byName},
	"glue:database":                     {"aws_glue_catalog_database", glueDatabase},
	"iam:instance-profile":              {"aws_iam_instance_profile", byLastPart},
	"iam:policy":                        {"aws_iam_policy", byARN},
	"iam:role":                          {"aws_iam_role", byLastPart},
	"kms:key":                           {"aws_kms_key", byName},
	"logs:log-group":                    {"aws_cloudwatch_log_group", logGroup},
	"route53:hostedzone":                {"aws_route53_zone", byName},
	"s3:":                               {"aws_s3_bucket", byName},
	"secretsmanager:secret":             {"aws_secretsmanager_secret", byARN},
	"ssm:parameter":                     {"aws_ssm_parameter", parameter},
	"sns:":                              {"aws_sns_topic", byARN},
}

// parts are types that go with another one: instances with their group,
// listeners with their load balancer, rules with their security group.
var parts = map[string]bool{
	"ec2:instance": true, "ec2:volume": true, "ec2:network-interface": true, "ec2:security-group-rule": true, "ec2:network-acl": true,
	"ecs:task": true, "ecs:container-instance": true, "ecs:task-set": true,
	"elasticloadbalancing:listener": true, "elasticloadbalancing:listener-rule": true,
}

// waves is the order of the removal: what is in a wave goes before all that is
// in later ones, since it may use that. Instances need the NAT gateway to the
// end: an agent that can't reach ECS never stops its tasks, and their service
// is DRAINING for ever. So does the agent's role.
var waves = [][]string{
	{"aws_appautoscaling_target", "aws_cloudwatch_dashboard", "aws_cloudwatch_event_target", "aws_cloudwatch_metric_alarm", "aws_route53_record", "aws_athena_workgroup"},
	{"aws_ecs_service", "aws_cloudwatch_event_rule", "aws_glue_catalog_database"},
	{"aws_ecs_cluster_capacity_providers", "aws_sns_topic"},
	{"aws_ecs_capacity_provider", "aws_lb"},
	{"aws_autoscaling_group", "aws_s3_bucket", "aws_lb_target_group", "aws_acm_certificate"},
	{"aws_ecs_cluster", "aws_ecs_task_definition", "aws_launch_template", "aws_route53_zone", "aws_cloudwatch_log_group", "aws_nat_gateway", "aws_vpc_endpoint", "aws_efs_mount_target", "aws_secretsmanager_secret", "aws_ssm_parameter"},
	{"aws_iam_instance_profile", "aws_route_table", "aws_eip", "aws_efs_file_system"},
	{"aws_iam_role", "aws_security_group", "aws_subnet", "aws_internet_gateway"},
	{"aws_iam_policy", "aws_vpc", "aws_kms_key"},
}

// schemaVersions are those of the types whose state has changed in the past, as
// of provider 5.100. A newer provider upgrades them.
var schemaVersions = map[string]int{
	"aws_autoscaling_group": 1, "aws_cloudwatch_event_rule": 1, "aws_cloudwatch_event_target": 1, "aws_cloudwatch_metric_alarm": 1,
	"aws_ecs_service": 1, "aws_ecs_task_definition": 1, "aws_route53_record": 2, "aws_security_group": 1, "aws_subnet": 1, "aws_vpc": 1,
}

// thorough are the attributes by which a deletion takes along what is inside, and
// waits as little as AWS allows.
var thorough = map[string]map[string]any{
	"aws_athena_workgroup":      {"force_destroy": true},
	"aws_autoscaling_group":     {"force_delete": true},
	"aws_ecs_service":           {"force_delete": true},
	"aws_kms_key":               {"deletion_window_in_days": 7},
	"aws_iam_role":              {"force_detach_policies": true},
	"aws_route53_zone":          {"force_destroy": true},
	"aws_s3_bucket":             {"force_destroy": true},
	"aws_secretsmanager_secret": {"recovery_window_in_days": 0},
	"aws_security_group":        {"revoke_rules_on_delete": true},
}

// splitARN returns the service and type of an ARN's resource, such as
// "ec2:vpc", and its name without the type.
func splitARN(arn string) (serviceAndType, name string) {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 {
		return "", arn
	}
	service, resource := fields[2], fields[5]
	end := strings.IndexAny(resource, ":/")
	if end < 0 { // s3 and sns name no type
		return service + ":", resource
	}
	return service + ":" + resource[:end], resource[end+1:]
}

func byARN(arn, _ string) (string, map[string]any) { return arn, map[string]any{"arn": arn} }

func byName(_, name string) (string, map[string]any) { return name, nil }

// byLastPart is for names with a path before them.
func byLastPart(_, name string) (string, map[string]any) {
	return name[strings.LastIndex(name, "/")+1:], nil
}

// autoScalingGroup: ...:autoScalingGroup:<uuid>:autoScalingGroupName/<name>.
func autoScalingGroup(_, name string) (string, map[string]any) {
	_, name, _ = strings.Cut(name, "/")
	return name, nil
}

func ecsCluster(arn, name string) (string, map[string]any) {
	return arn, map[string]any{"arn": arn, "name": name}
}

// ecsService: ...:service/<cluster>/<name>.
func ecsService(arn, name string) (string, map[string]any) {
	cluster, name, _ := strings.Cut(name, "/")
	return arn, map[string]any{"cluster": cluster, "name": name}
}

// taskDefinition: ...:task-definition/<family>:<revision>.
func taskDefinition(arn, name string) (string, map[string]any) {
	family, _, _ := strings.Cut(name, ":")
	return family, map[string]any{"arn": arn, "family": family}
}

// glueDatabase: ...:database/<name>; the catalog is the account's.
func glueDatabase(arn, name string) (string, map[string]any) {
	catalog := strings.SplitN(arn, ":", 6)[4]
	return catalog + ":" + name, map[string]any{"catalog_id": catalog, "name": name}
}

// parameter: ...:parameter/<name>, in which the name's own slash is missing if
// it begins with one.
func parameter(arn, name string) (string, map[string]any) {
	if strings.Contains(name, "/") {
		name = "/" + name
	}
	return name, map[string]any{"name": name}
}

func logGroup(_, name string) (string, map[string]any) {
	return strings.TrimSuffix(name, ":*"), nil
}
