# States of the predecessor, cut down to what the file is made of.

run "alb_of_7_8" {
  command = plan

  variables {
    state  = "tests/alb-7.8.0.json"
    module = "module.tempo"
  }

  # Every object of weight, by its new address and its id.
  assert {
    condition = alltrue([
      for to, id in {
        "terraform_data.origin"                                            = "{\\\"8081\\\":\\\"extra\\\"}"
        "aws_ecs_cluster.this"                                             = "test-ecs"
        "aws_ecs_capacity_provider.this"                                   = "test-ecs"
        "aws_ecs_cluster_capacity_providers.this"                          = "test-ecs"
        "aws_ecs_service.this"                                             = "test-ecs/test-ecs"
        "module.daemon[\"cloudwatch-agent\"].aws_ecs_service.this"         = "test-ecs/cloudwatch-agent-daemon"
        "module.daemon[\"vector-agent\"].aws_ecs_service.this"             = "test-ecs/vector-agent-daemon"
        "aws_appautoscaling_target.service"                                = "ecs/service/test-ecs/test-ecs/ecs:service:DesiredCount"
        "aws_appautoscaling_policy.service"                                = "ecs/service/test-ecs/test-ecs/ecs:service:DesiredCount/auto-scaling"
        "aws_appautoscaling_policy.gpu[\"gpu\"]"                           = "ecs/service/test-ecs/test-ecs/ecs:service:DesiredCount/auto-scaling-gpu"
        "aws_cloudwatch_log_group.this[\"ecs\"]"                           = "/ecs/development/test-ecs"
        "aws_cloudwatch_log_group.this[\"syslog\"]"                        = "/ecs/development/test-ecs-syslog"
        "aws_cloudwatch_log_group.this[\"dmesg\"]"                         = "/ecs/development/test-ecs-dmesg"
        "aws_iam_role_policy_attachment.execution_extra[\"$$${a}%%%{b}\"]" = "test-ecs-instance/arn:aws:iam::123456789012:policy/execution_extra_policy"
        "aws_iam_role_policy_attachment.execution_extra[\"read\"]"         = "test-ecs-instance/arn:aws:iam::123456789012:policy/execution_extra_policy"
        "aws_sns_topic.alarms"                                             = "arn:aws:sns:us-west-2:123456789012:test-e2026112719592675940000001c-alb-alarms"
        "aws_sns_topic_subscription.alarm_emails[\"test@example.com\"]"    = "arn:aws:sns:us-west-2:123456789012:alarms:0002"

        "aws_iam_role_policy_attachment.execution_extra[\"execution_task_role_policy_arn\"]"    = "test-ecs-instance/arn:aws:iam::123456789012:policy/extra_policy_attachment"
        "module.instances.aws_autoscaling_group.this"                                           = "test-e2026112719592675940000001c"
        "module.instances.aws_launch_template.this"                                             = "lt-0003"
        "module.instances.aws_security_group.backend"                                           = "sg-1fe66aaf879f2d8b8"
        "module.instances.aws_iam_role.instance"                                                = "test-ecs-instance-abc12320261127195859618300000004"
        "module.instances.aws_iam_instance_profile.this"                                        = "test-ecs-instance-abc123"
        "module.instances.aws_iam_role_policy_attachment.instance[\"ecs\"]"                     = "test-ecs-instance/arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
        "module.instances.aws_iam_role_policy_attachment.instance[\"session_manager\"]"         = "test-ecs-instance/arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
        "module.instances.aws_vpc_security_group_ingress_rule.backend_tasks"                    = "sgr-backend_user_traffic"
        "module.instances.aws_vpc_security_group_ingress_rule.backend_ssh[\"ssh\"]"             = "sgr-backend_ssh_input"
        "module.instances.aws_vpc_security_group_egress_rule.backend_ipv4"                      = "sgr-backend_outgoing"
        "module.website_pod[0].aws_lb.this"                                                     = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/test-e20261127195920900100000019/fdb3871b2c9d99d8"
        "module.website_pod[0].aws_lb_target_group.this"                                        = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/tf-20261127195920694700000018/91a92e852e11f044"
        "module.website_pod[0].aws_lb_listener.redirect"                                        = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/test-e/fdb3871b2c9d99d8/80"
        "module.website_pod[0].aws_lb_listener.ssl"                                             = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/test-e/fdb3871b2c9d99d8/443"
        "module.website_pod[0].aws_lb_listener_rule.hosts"                                      = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener-rule/app/test-e/fdb3871b2c9d99d8/1/2"
        "module.website_pod[0].aws_acm_certificate.this"                                        = "arn:aws:acm:us-west-2:123456789012:certificate/0001"
        "module.website_pod[0].aws_route53_record.validation[\"\"]"                             = "Z0001__ae8ab6c429d850bcd91987100f265a71.example.com_CNAME"
        "module.website_pod[0].aws_route53_record.validation[\"www\"]"                          = "Z0001__35578ddac40fc5a8daa38f72912f6b77.www.example.com_CNAME"
        "module.website_pod[0].aws_route53_record.caa[\"\"]"                                    = "Z0001_example.com_CAA"
        "module.website_pod[0].aws_route53_record.caa[\"www\"]"                                 = "Z0001_www.example.com_CAA"
        "module.alias_records.aws_route53_record.this[\"\"]"                                    = "Z0001_example.com_A"
        "module.alias_records.aws_route53_record.this[\"www\"]"                                 = "Z0001_www.example.com_A"
        "module.website_pod[0].aws_security_group.this"                                         = "sg-4bf053b175e31d8a9"
        "module.website_pod[0].aws_vpc_security_group_ingress_rule.http[\"0.0.0.0/0\"]"         = "sgr-alb_listener_port"
        "module.website_pod[0].aws_vpc_security_group_ingress_rule.https[\"0.0.0.0/0\"]"        = "sgr-https"
        "module.website_pod[0].aws_vpc_security_group_egress_rule.moved_in[0]"                  = "sgr-alb_outgoing"
        "module.website_pod[0].module.access_log_bucket.aws_s3_bucket.this"                     = "test-e-access-log-20261127195859660300000005"
        "module.website_pod[0].module.access_log_bucket.aws_s3_bucket_policy.this"              = "test-e-access-log-20261127195859660300000005"
        "module.website_pod[0].module.access_log_bucket.aws_s3_bucket_public_access_block.this" = "test-e-access-log-20261127195859660300000005"
        "module.website_pod[0].module.access_log_bucket.aws_s3_bucket_versioning.this"          = "test-e-access-log-20261127195859660300000005"
      } : strcontains(output.file, "\nimport {\n  to = module.tempo.${to}\n  id = \"${id}\"\n}\n")
    ])
    error_message = "An import is missing:\n${output.file}"
  }

  # What is imported is forgotten where it was, and nothing else is: what the table does
  # not have goes, and what stays at its address must not be forgotten.
  assert {
    condition = alltrue([
      for kind in ["aws_ecs_cluster.ecs", "module.pod.aws_alb.website", "module.pod.module.instance_profile.aws_iam_role.profile"] :
      strcontains(output.file, "\nremoved {\n  from = module.tempo.${kind}\n\n  lifecycle {\n    destroy = false\n  }\n}\n")
    ])
    error_message = "A removed block is missing:\n${output.file}"
  }
  assert {
    condition     = length(regexall("(?m)^removed", output.file)) == length(local.removed) && length(regexall("(?m)^import", output.file)) == length(local.moves) + 1
    error_message = "Not each import has its removed block:\n${output.file}"
  }
  assert {
    condition     = length(regexall("aws_lb_(listener|target_group)\\.extra|metric_alarm|aws_key_pair|container_insights|task_definition", output.file)) == 0
    error_message = "The file has what stays or goes:\n${output.file}"
  }
}

run "instances_of_8_3_below_another_module" {
  command = plan

  variables {
    state     = "tests/alb-8.3.1-keyed.json"
    module    = "module.apps.module.tempo"
    zone_name = "com"
  }

  assert {
    condition = alltrue([
      for to, id in {
        "[\"a.b\"].terraform_data.origin"                                                       = "{\\\"8081\\\":\\\"extra\\\"}"
        "[\"c]\"].terraform_data.origin"                                                        = "{}"
        "[\"a.b\"].aws_ecs_cluster.this"                                                        = "test-ecs"
        "[\"c]\"].aws_ecs_cluster.this"                                                         = "test-ecs"
        "[\"a.b\"].module.alias_records.aws_route53_record.this[\"example\"]"                   = "Z0001_example.com_A"
        "[\"c]\"].module.website_pod[0].aws_route53_record.validation[\"www.example\"]"         = "Z0001__35578ddac40fc5a8daa38f72912f6b77.www.example.com_CNAME"
        "[\"a.b\"].module.website_pod[0].module.access_log_bucket.aws_s3_bucket.this"           = "test-e-access-log-20261127195859660300000005"
        "[\"c]\"].module.website_pod[0].module.access_log_bucket.aws_s3_bucket_versioning.this" = "test-e-access-log-20261127195859660300000005"
      } : strcontains(output.file, "\nimport {\n  to = module.apps[0].module.tempo${to}\n  id = \"${id}\"\n}\n")
    ])
    error_message = "An import is missing:\n${output.file}"
  }
  assert {
    condition     = length(regexall("from = module\\.apps\\.module\\.tempo\\.aws_ecs_cluster\\.ecs\n", output.file)) == 1 && length(regexall("from = .*\\[", output.file)) == 0
    error_message = "Both instances are forgotten by one block, without keys:\n${output.file}"
  }
  assert {
    condition     = length(regexall("\\[\"c\\]\"\\]\\.(aws_sns|module.alias_records|module.daemon)", output.file)) == 0
    error_message = "The second instance has no DNS, alarms, or daemons:\n${output.file}"
  }
}

run "nlb" {
  command = plan

  variables {
    state              = "tests/nlb-8.3.1.json"
    module             = "module.tempo"
    ingress_cidr_block = "10.0.0.0/8"
  }

  assert {
    condition = alltrue([
      for to, id in {
        "aws_lb_listener.extra[\"primary\"]"                                             = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/test-e/fdb3871b2c9d99d8/443"
        "module.tcp_pod[0].aws_lb.this"                                                  = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/test-e20261127195920900100000019/fdb3871b2c9d99d8"
        "module.tcp_pod[0].aws_lb_target_group.this"                                     = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/tf-20261127195920694700000018/91a92e852e11f044"
        "module.tcp_pod[0].aws_security_group.this"                                      = "sg-4bf053b175e31d8a9"
        "module.tcp_pod[0].aws_vpc_security_group_ingress_rule.listener[\"10.0.0.0/8\"]" = "sgr-tcp"
        "module.tcp_pod[0].aws_vpc_security_group_egress_rule.moved_in[0]"               = "sgr-nlb_outgoing"
        "module.instances.aws_autoscaling_group.this"                                    = "test-e2026112719592675940000001c"
        "module.instances.aws_iam_role.instance"                                         = "test-ecs-instance-abc12320261127195859618300000004"
        "module.alias_records.aws_route53_record.this[\"www\"]"                          = "Z0001_www.example.com_A"
      } : strcontains(output.file, "\nimport {\n  to = module.tempo.${to}\n  id = \"${id}\"\n}\n")
    ])
    error_message = "An import is missing:\n${output.file}"
  }
}
