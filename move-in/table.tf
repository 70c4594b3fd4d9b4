# Which object of the predecessor is which of this module. KEY is the key there: that of
# the predecessor, unless key says otherwise. The id is that in the state, unless id says
# otherwise: what a resource's import takes. Whatever is not here, the plan destroys.

locals {
  # By the name of the policy, what this module attaches to the instances' role.
  instance_policies = {
    AmazonEC2ContainerServiceforEC2Role = "ecs"
    AmazonSSMManagedInstanceCore        = "session_manager"
  }

  root = {
    "aws_ecs_cluster.ecs"                      = { to = "aws_ecs_cluster.this", id = "name" }
    "aws_ecs_capacity_provider.ecs"            = { to = "aws_ecs_capacity_provider.this", id = "name" }
    "aws_ecs_cluster_capacity_providers.ecs"   = { to = "aws_ecs_cluster_capacity_providers.this" }
    "aws_ecs_service.ecs"                      = { to = "aws_ecs_service.this", id = "in_ecs" }
    "aws_ecs_service.cloudwatch_agent_service" = { to = "module.daemon[\"cloudwatch-agent\"].aws_ecs_service.this", id = "in_ecs" }
    "aws_ecs_service.vector_agent"             = { to = "module.daemon[\"vector-agent\"].aws_ecs_service.this", id = "in_ecs" }
    "aws_appautoscaling_target.ecs_target"     = { to = "aws_appautoscaling_target.service", id = "target" }
    "aws_appautoscaling_policy.ecs_policy"     = { to = "aws_appautoscaling_policy.service", id = "policy" }
    "aws_appautoscaling_policy.gpu_policy"     = { to = "aws_appautoscaling_policy.gpu[\"gpu\"]", id = "policy" }
    "aws_cloudwatch_log_group.ecs"             = { to = "aws_cloudwatch_log_group.this[\"ecs\"]" }
    "aws_cloudwatch_log_group.ecs_ec2_syslog"  = { to = "aws_cloudwatch_log_group.this[\"syslog\"]" }
    "aws_cloudwatch_log_group.ecs_ec2_dmesg"   = { to = "aws_cloudwatch_log_group.this[\"dmesg\"]" }
    "aws_iam_role_policy_attachment.ecs_instance_role" = {
      to  = "module.instances.aws_iam_role_policy_attachment.instance[KEY]"
      id  = "role"
      key = "policy"
    }
    "aws_iam_role_policy_attachment.execution_extra_policy" = { to = "aws_iam_role_policy_attachment.execution_extra[KEY]", id = "role" }
    "aws_iam_role_policy_attachment.extra_policy_attachment" = {
      to = "aws_iam_role_policy_attachment.execution_extra[\"execution_task_role_policy_arn\"]"
      id = "role"
    }
  }

  # What both kinds of load balancer come with, by the module and the name that its
  # resources have.
  pods = merge([
    for pod, name in { pod                          = "website", tcp-pod = "tcp" } : {
      "module.${pod}.aws_autoscaling_group.${name}" = { to = "module.instances.aws_autoscaling_group.this" }
      "module.${pod}.aws_launch_template.${name}"   = { to = "module.instances.aws_launch_template.this" }
      "module.${pod}.aws_security_group.backend"    = { to = "module.instances.aws_security_group.backend" }
      "module.${pod}.aws_vpc_security_group_ingress_rule.backend_user_traffic" = {
        to = "module.instances.aws_vpc_security_group_ingress_rule.backend_tasks"
      }
      "module.${pod}.aws_vpc_security_group_ingress_rule.backend_ssh_input" = {
        to = "module.instances.aws_vpc_security_group_ingress_rule.backend_ssh[\"ssh\"]"
      }
      "module.${pod}.aws_vpc_security_group_egress_rule.backend_outgoing" = {
        to = "module.instances.aws_vpc_security_group_egress_rule.backend_ipv4"
      }
      "module.${pod}.module.instance_profile.aws_iam_role.profile"             = { to = "module.instances.aws_iam_role.instance" }
      "module.${pod}.module.instance_profile.aws_iam_instance_profile.profile" = { to = "module.instances.aws_iam_instance_profile.this" }
      "module.${pod}.module.instance_profile.aws_iam_role_policy_attachment.ssm" = {
        to  = "module.instances.aws_iam_role_policy_attachment.instance[KEY]"
        id  = "role"
        key = "policy"
      }
      "module.${pod}.aws_route53_record.extra" = { to = "module.alias_records.aws_route53_record.this[KEY]", key = "label" }
    }
  ]...)

  alb = {
    "module.pod.aws_alb.website"                     = { to = "module.website_pod[0].aws_lb.this" }
    "module.pod.aws_alb_target_group.website"        = { to = "module.website_pod[0].aws_lb_target_group.this" }
    "module.pod.aws_alb_listener.redirect_to_ssl"    = { to = "module.website_pod[0].aws_lb_listener.redirect" }
    "module.pod.aws_lb_listener.ssl"                 = { to = "module.website_pod[0].aws_lb_listener.ssl" }
    "module.pod.aws_alb_listener_rule.website"       = { to = "module.website_pod[0].aws_lb_listener_rule.hosts" }
    "module.pod.aws_acm_certificate.website"         = { to = "module.website_pod[0].aws_acm_certificate.this" }
    "module.pod.aws_route53_record.cert_validation"  = { to = "module.website_pod[0].aws_route53_record.validation[KEY]", key = "domain" }
    "module.pod.aws_route53_record.extra_caa_amazon" = { to = "module.website_pod[0].aws_route53_record.caa[KEY]", key = "label" }
    "module.pod.aws_security_group.alb"              = { to = "module.website_pod[0].aws_security_group.this" }
    "module.pod.aws_vpc_security_group_ingress_rule.alb_listener_port" = {
      to = "module.website_pod[0].aws_vpc_security_group_ingress_rule.http[KEY]"
    }
    "module.pod.aws_vpc_security_group_ingress_rule.https"       = { to = "module.website_pod[0].aws_vpc_security_group_ingress_rule.https[KEY]" }
    "module.pod.aws_vpc_security_group_egress_rule.alb_outgoing" = { to = "module.website_pod[0].aws_vpc_security_group_egress_rule.moved_in[0]" }
    "module.pod.aws_sns_topic.alarms"                            = { to = "aws_sns_topic.alarms" }
    "module.pod.aws_sns_topic_subscription.alarm_emails"         = { to = "aws_sns_topic_subscription.alarm_emails[KEY]", key = "email" }
  }

  # The bucket of the access logs: the pod's own up to 7.8, a module's in 8.
  bucket = {
    for kind, name in {
      "aws_s3_bucket.access_log"                                      = "aws_s3_bucket"
      "aws_s3_bucket_policy.access_logs"                              = "aws_s3_bucket_policy"
      "aws_s3_bucket_public_access_block.public_access"               = "aws_s3_bucket_public_access_block"
      "aws_s3_bucket_server_side_encryption_configuration.access_log" = "aws_s3_bucket_server_side_encryption_configuration"
      "aws_s3_bucket_versioning.access_log"                           = "aws_s3_bucket_versioning"

      "module.access_log.aws_s3_bucket.this"                                         = "aws_s3_bucket"
      "module.access_log.aws_s3_bucket_policy.this"                                  = "aws_s3_bucket_policy"
      "module.access_log.aws_s3_bucket_public_access_block.public_access"            = "aws_s3_bucket_public_access_block"
      "module.access_log.aws_s3_bucket_server_side_encryption_configuration.default" = "aws_s3_bucket_server_side_encryption_configuration"
      "module.access_log.aws_s3_bucket_versioning.enabled"                           = "aws_s3_bucket_versioning"
    } : "module.pod.${kind}" => { to = "module.website_pod[0].module.access_log_bucket.${name}.this" }
  }

  nlb = {
    "module.tcp-pod.aws_lb.tcp"              = { to = "module.tcp_pod[0].aws_lb.this" }
    "module.tcp-pod.aws_lb_target_group.tcp" = { to = "module.tcp_pod[0].aws_lb_target_group.this" }
    "module.tcp-pod.aws_lb_listener.tcp"     = { to = "aws_lb_listener.extra[\"primary\"]" }
    "module.tcp-pod.aws_security_group.nlb"  = { to = "module.tcp_pod[0].aws_security_group.this" }
    "module.tcp-pod.aws_vpc_security_group_ingress_rule.tcp" = {
      to  = "module.tcp_pod[0].aws_vpc_security_group_ingress_rule.listener[KEY]"
      key = "ingress"
    }
    "module.tcp-pod.aws_vpc_security_group_egress_rule.nlb_outgoing" = { to = "module.tcp_pod[0].aws_vpc_security_group_egress_rule.moved_in[0]" }
  }

  table = merge(local.root, local.pods, local.alb, local.bucket, local.nlb)
}
