# What is created before its predecessor is destroyed has another name than it, and
# what stays keeps its own. What AWS makes of a replacement, TestReplacement shows.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

variables {
  service_name          = "tempo"
  docker_image          = "grafana/tempo:2.6.1"
  alarm_emails          = ["alarms@example.com"]
  asg_subnets           = ["subnet-a", "subnet-b"]
  load_balancer_subnets = ["subnet-c", "subnet-d"]
  zone_id               = "Z0123456789"
  dns_names             = ["tempo"]
  lb_type               = "nlb"
  extra_target_groups = {
    otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP" }
  }

  container_healthcheck_command = "true" # the default asks port 80
}

run "service" {
  assert {
    condition     = output.extra_target_groups["otlp"].target_group_name == local.extra_target_group_names["otlp"]
    error_message = "Name: ${output.extra_target_groups["otlp"].target_group_name}"
  }
}

run "names_stay" {
  assert {
    condition     = output.extra_target_groups["otlp"].target_group_name == run.service.extra_target_groups["otlp"].target_group_name
    error_message = "The name becomes ${output.extra_target_groups["otlp"].target_group_name}, which replaces the target group."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.extra_unhealthy_hosts["otlp"].alarm_name == "${output.extra_target_groups["otlp"].target_group_name}-unhealthy-hosts"
    error_message = "The alarm has another name than the target group: ${aws_cloudwatch_metric_alarm.extra_unhealthy_hosts["otlp"].alarm_name}"
  }
}

run "a_successor_has_another_name" {
  plan_options {
    replace = [aws_lb_target_group.extra["otlp"]]
  }

  assert {
    condition     = output.extra_target_groups["otlp"].target_group_name != run.service.extra_target_groups["otlp"].target_group_name
    error_message = "The successor would meet the name ${output.extra_target_groups["otlp"].target_group_name}."
  }
}

# A cluster that is replaced takes along what is in it; otherwise AWS would not let
# it go.
run "a_new_cluster_is_empty" {
  plan_options {
    replace = [aws_ecs_cluster.this]
  }

  assert {
    condition     = output.service_arn != run.service.service_arn && output.asg_arn != ""
    error_message = "The service stays in a cluster that goes."
  }
}
