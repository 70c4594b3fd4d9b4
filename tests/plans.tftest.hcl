# What the module plans, whole: each resource's arguments, in tests/plans, a file a run.
# `make plans` writes them anew; their difference says what callers will see change.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

variables {
  service_name          = "web"
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  alarm_emails          = ["alarms@example.com"]
  asg_subnets           = ["subnet-a", "subnet-b"]
  load_balancer_subnets = ["subnet-c", "subnet-d"]
  zone_id               = "Z0123456789"
  dns_names             = ["web"]

  container_healthcheck_command = "true" # the default asks port 80
}

run "what_must_be_given" {
  command = plan
}

run "application_load_balancer" {
  command = plan

  variables {
    environment     = "production"
    upstream_module = "acme/web/aws"
    tags            = { team = "web" }

    container_port                 = 80
    container_command              = ["httpd-foreground"]
    container_cpu                  = 256
    container_memory               = 256
    container_memory_reservation   = 64
    container_healthcheck_command  = "test -s /usr/local/apache2/logs/httpd.pid"
    container_healthcheck_interval = 20
    container_healthcheck_timeout  = 4
    task_environment_variables     = [{ name = "LEVEL", value = "info" }]
    task_secrets                   = [{ name = "PASSWORD", valueFrom = "arn:aws:secretsmanager:us-west-2:123456789012:secret:password" }]
    task_role_arn                  = "arn:aws:iam::123456789012:role/web"
    execution_extra_policy         = { registry = "arn:aws:iam::123456789012:policy/registry" }
    task_efs_volumes               = { uploads = { file_system_id = "fs-0123456789abcdef0", container_path = "/uploads" } }
    task_local_volumes             = { cache = { host_path = "/var/cache/web", container_path = "/cache" } }
    task_ipc_mode                  = "task"
    dockerSecurityOptions          = ["no-new-privileges"]

    task_desired_count                        = 2
    task_min_count                            = 2
    task_max_count                            = 8
    autoscaling_metric                        = "ALBRequestCountPerTarget"
    autoscaling_target                        = 1000
    deployment_minimum_healthy_percent        = 50
    deployment_maximum_percent                = 150
    deployment_alarms                         = { alarm_names = ["web-errors"] }
    wait_for_steady_state                     = true
    service_timeouts                          = { create = "30m", update = "1h", delete = "10m" }
    service_health_check_grace_period_seconds = 90
    gpu_count                                 = 1
    gpu_autoscaling_target                    = 70
    gpu_capacity_reservation_id               = "cr-0123456789abcdef0"

    dns_names                         = ["", "www"]
    dns_routing_policy                = "weighted"
    dns_set_identifier                = "blue"
    dns_weight                        = 50
    certificate_issuers               = ["amazon.com", "letsencrypt.org"]
    alb_ingress_cidr_blocks           = ["10.0.0.0/8"]
    idle_timeout                      = 120
    load_balancing_algorithm_type     = "least_outstanding_requests"
    stickiness                        = { type = "app_cookie", cookie_name = "session", cookie_duration = 60 }
    deregistration_delay              = 20
    healthcheck_path                  = "/health"
    healthcheck_interval              = 20
    healthcheck_timeout               = 4
    healthcheck_response_code_matcher = "200,302"
    access_log_force_destroy          = true
    replication_region                = "us-east-1"
    alb_access_log_athena_enabled     = true

    extra_target_groups = {
      admin = {
        listener_port                 = 8443
        container_port                = 8443
        protocol                      = "HTTPS"
        ingress_cidr_blocks           = ["10.0.0.0/8"]
        ingress_security_group_ids    = ["sg-0123456789abcdef0"]
        deregistration_delay          = 5
        slow_start                    = 30
        load_balancing_algorithm_type = "round_robin"
        stickiness                    = { type = "app_cookie", cookie_name = "admin", cookie_duration = 3600 }
        health_check = {
          path                = "/ready"
          matcher             = "204"
          interval            = 20
          timeout             = 4
          healthy_threshold   = 3
          unhealthy_threshold = 4
        }
      }
      otlp = {
        listener_port    = 4317
        container_port   = 4317
        protocol_version = "GRPC"
      }
      plain = {
        listener_port     = 8080
        container_port    = 8080
        host_port         = 8080
        listener_protocol = "HTTP"
        health_check      = { port = "8080", path = "/" }
      }
    }

    asg_instance_type                  = "g4dn.xlarge"
    asg_min_size                       = 2
    asg_max_size                       = 6
    asg_health_check_grace_period      = 120
    max_instance_lifetime              = 604800
    root_volume_size                   = 60
    extra_instance_profile_permissions = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    ssh_key_name                       = "operator"
    ssh_cidr_block                     = "10.0.0.0/8"
    cloudinit_extra_commands           = ["touch /tmp/booted"]
    extra_files                        = [{ content = "hello", path = "/etc/hello", permissions = "0644" }]

    cloudwatch_log_group_retention = 90
    cloudwatch_log_kms_key_id      = "arn:aws:kms:us-west-2:123456789012:key/logs"
    enable_container_insights      = true
    sns_topic_arn                  = "arn:aws:sns:us-west-2:123456789012:on-call"
    enable_vector_agent            = true
    vector_aggregator_endpoint     = "vector.example.com:6000"
    vector_agent_task_policy_arns  = ["arn:aws:iam::123456789012:policy/vector"]
    vanta_owner                    = "ops@example.com"
    vanta_description              = "The web application"
  }

  override_data {
    target = data.aws_ec2_instance_type.this
    values = {
      supported_architectures = ["x86_64"]
      default_vcpus           = 4
      memory_size             = 16384
      gpus                    = [{ count = 1, manufacturer = "NVIDIA", memory_size = 16384, name = "T4" }]
    }
  }
}

run "network_load_balancer" {
  command = plan

  variables {
    lb_type                 = "nlb"
    container_port          = 80
    on_demand_base_capacity = 1
    stickiness              = { enabled = false }
    deregistration_delay    = 20
    managed_draining        = false

    managed_termination_protection    = false
    enable_deployment_circuit_breaker = false
    deployment_alarms                 = { rollback = false }

    extra_target_groups = {
      plain = {
        listener_port       = 8081
        container_port      = 8081
        protocol            = "TCP"
        ingress_cidr_blocks = ["10.0.0.0/8"]
        stickiness          = { type = "source_ip" }
        health_check        = { interval = 10, timeout = 10 }
      }
      secure = {
        listener_port   = 8443
        container_port  = 8082
        protocol        = "TLS"
        certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1"
      }
      syslog = {
        listener_port  = 514
        container_port = 514
        host_port      = 514
        protocol       = "UDP"
        health_check   = { port = "80", path = "/", matcher = "200" }
      }
    }
  }
}
