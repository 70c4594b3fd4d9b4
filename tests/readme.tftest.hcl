# What README.md shows of the module's inputs plans. TestDocumentation compares: each
# block there that is not a whole configuration is in a run here.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

variables {
  service_name          = "syslog"
  docker_image          = "grafana/tempo:2.6.1"
  alarm_emails          = ["alarms@example.com"]
  asg_subnets           = ["subnet-a", "subnet-b"]
  load_balancer_subnets = ["subnet-c", "subnet-d"]
  zone_id               = "Z0123456789"
  dns_names             = ["syslog"]

  container_healthcheck_command = null
}

run "deployments_that_roll_back" {
  command = plan

  variables {
    deployment_alarms                         = { alarm_names = ["tempo-success-rate"] }
    service_health_check_grace_period_seconds = 600
  }

  assert {
    condition     = contains(aws_ecs_service.this.alarms[0].alarm_names, "tempo-success-rate")
    error_message = "Alarms: ${jsonencode(aws_ecs_service.this.alarms)}"
  }
}

run "fixed_host_ports" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      syslog = {
        listener_port  = 514
        container_port = 5140
        host_port      = 514
        protocol       = "UDP"
        health_check   = { port = 8081 } # UDP can't be checked: a TCP port of the container
      }
      health = { listener_port = 8081, container_port = 8081, host_port = 8081, protocol = "TCP" }
    }
  }

  assert {
    condition     = sort([for mapping in local.container_definition.portMappings : "${mapping.hostPort}:${mapping.containerPort}/${mapping.protocol}"]) == tolist(["0:8080/tcp", "514:5140/udp", "8081:8081/tcp"])
    error_message = "Port mappings: ${jsonencode(local.container_definition.portMappings)}"
  }
}
