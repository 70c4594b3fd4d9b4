# What callers of releases up to 8.3.1 rely on without a word, in the modules that see to it.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

variables {
  service_name              = "tempo"
  load_balancer_name        = "tempo-12345678"
  target_group_name         = "tempo-87654321"
  vpc_id                    = "vpc-1"
  subnets                   = ["subnet-a", "subnet-b"]
  internal                  = false
  ingress_cidr_blocks       = ["0.0.0.0/0"]
  moved_in                  = false
  backend_security_group_id = "sg-1"
  extra_security_group_ids  = []
  target_port               = 8080
  deregistration_delay      = 20
  tags                      = {}
  name_tag                  = {}
}

run "target_group_of_an_alb" {
  command = plan

  module {
    source = "./modules/website-pod"
  }

  variables {
    zone_id                       = "Z0123456789"
    hostnames                     = { tempo = "tempo.example.com" }
    primary_hostname              = "tempo.example.com"
    make_records                  = true
    set_identifier                = null
    weight                        = 100
    certificate_issuers           = ["amazon.com"]
    target_protocol               = "HTTP"
    load_balancing_algorithm_type = "round_robin"
    access_log_force_destroy      = false
    idle_timeout                  = 60
    ssl_policy                    = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    stickiness                    = { enabled = false, type = "app_cookie", cookie_duration = 60, cookie_name = "session" }
    health_check                  = { path = "/", matcher = "200", interval = 10, timeout = 5 }
  }

  assert {
    condition = [
      for stickiness in aws_lb_target_group.this.stickiness :
      "${stickiness.enabled} ${stickiness.type} ${stickiness.cookie_duration} ${stickiness.cookie_name}"
    ] == ["false app_cookie 60 session"]
    error_message = "Stickiness: ${jsonencode(aws_lb_target_group.this.stickiness)}"
  }

  assert {
    condition     = tonumber(aws_lb_target_group.this.deregistration_delay) == 20
    error_message = "Delay: ${aws_lb_target_group.this.deregistration_delay}"
  }
}

run "target_group_of_an_nlb" {
  command = plan

  module {
    source = "./modules/tcp-pod"
  }

  variables {
    stickiness   = { enabled = false, type = "source_ip" }
    health_check = { interval = 10, timeout = 5 }
  }

  assert {
    condition     = one([for stickiness in aws_lb_target_group.this.stickiness : "${stickiness.enabled} ${stickiness.type}"]) == "false source_ip"
    error_message = "Stickiness: ${jsonencode(aws_lb_target_group.this.stickiness)}"
  }

  assert {
    condition     = tonumber(aws_lb_target_group.this.deregistration_delay) == 20
    error_message = "Delay: ${aws_lb_target_group.this.deregistration_delay}"
  }
}

run "names_of_a_daemon" {
  command = plan

  module {
    source = "./modules/daemon"
  }

  variables {
    name               = "tempo-cloudwatch-agent"
    ecs_service_name   = "cloudwatch-agent-daemon"
    family             = "tempo-cw-agent-daemon"
    cluster_name       = "tempo"
    cluster_id         = "arn:aws:ecs:us-west-2:123456789012:cluster/tempo"
    image              = "agent"
    entry_point        = null
    command            = null
    environment        = []
    memory             = 256
    memory_reservation = 64
    host_paths         = {}
    policies           = {}
    policy_arns        = []
    assume_role_policy = "{}"
    execution_role_arn = "arn:aws:iam::123456789012:role/execution"
    log_group_name     = null
    region             = "us-west-2"
  }

  assert {
    condition     = aws_ecs_service.this.name == "cloudwatch-agent-daemon" && aws_ecs_task_definition.this.family == "tempo-cw-agent-daemon"
    error_message = "Service ${aws_ecs_service.this.name}, family ${aws_ecs_task_definition.this.family}"
  }
}

run "lifetime_of_an_instance" {
  command = plan

  module {
    source = "./modules/instances"
  }

  variables {
    cluster_id                      = "arn:aws:ecs:us-west-2:123456789012:cluster/tempo"
    instance_type                   = "t3.micro"
    ami_id                          = "ami-0123456789abcdef0"
    root_device_name                = "/dev/xvda"
    root_volume_size                = 32
    user_data                       = ""
    min_size                        = 1
    max_size                        = 2
    health_check_grace_period       = 300
    protect_from_scale_in           = true
    max_instance_lifetime           = 2592000
    on_demand_base_capacity         = null
    ssh_key_name                    = null
    ssh_cidr_block                  = null
    extra_permissions               = null
    load_balancer_security_group_id = "sg-2"
    instance_tags                   = {}
  }

  assert {
    condition     = aws_autoscaling_group.this.max_instance_lifetime == 2592000
    error_message = "Lifetime: ${aws_autoscaling_group.this.max_instance_lifetime}"
  }

  # Or the end of a lifetime would leave the service with less than it has.
  assert {
    condition = [
      for policy in aws_autoscaling_group.this.instance_maintenance_policy : "${policy.min_healthy_percentage} ${policy.max_healthy_percentage}"
    ] == ["100 200"]
    error_message = "Maintenance policy: ${jsonencode(aws_autoscaling_group.this.instance_maintenance_policy)}"
  }
}
