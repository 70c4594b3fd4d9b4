# Most of what the module offers, in one service.

module "app" {
  source = "../../" # in a copy: the source and version of ../README.md
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  service_name    = "app"
  environment     = "production"
  upstream_module = "acme/app/aws"

  # The container.
  docker_image                  = "public.ecr.aws/docker/library/httpd:2.4"
  container_port                = 80
  container_cpu                 = 512
  container_memory              = 512
  container_memory_reservation  = 256
  container_healthcheck_command = "test -s /usr/local/apache2/logs/httpd.pid"
  task_role_arn                 = aws_iam_role.app.arn
  dockerSecurityOptions         = ["no-new-privileges"]
  task_environment_variables = [
    { name = "LOG_LEVEL", value = "info" },
  ]
  task_secrets = [
    { name = "DATABASE_PASSWORD", valueFrom = aws_secretsmanager_secret_version.database_password.arn },
  ]
  task_efs_volumes = {
    uploads = {
      file_system_id = aws_efs_file_system.uploads.id
      container_path = "/usr/local/apache2/htdocs/uploads"
    }
  }

  # How many tasks, and how they change.
  task_desired_count                 = 2
  task_min_count                     = 2
  task_max_count                     = 8
  autoscaling_metric                 = "ALBRequestCountPerTarget"
  autoscaling_target                 = 1000
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  # The load balancer and its names; half of the requests go here.
  load_balancer_subnets             = var.public_subnet_ids
  zone_id                           = var.zone_id
  dns_names                         = ["", "www"]
  dns_routing_policy                = "weighted"
  dns_set_identifier                = "blue"
  dns_weight                        = 50
  idle_timeout                      = 120
  healthcheck_path                  = "/"
  healthcheck_response_code_matcher = "200,302"
  load_balancing_algorithm_type     = "least_outstanding_requests"
  replication_region                = "us-east-1"
  alb_access_log_athena_enabled     = true

  extra_target_groups = {
    admin = {
      listener_port       = 8443
      container_port      = 80
      ingress_cidr_blocks = ["10.0.0.0/8"]
      stickiness = {
        cookie_duration = 3600
      }
    }
    plain = {
      listener_port              = 8080
      container_port             = 80
      listener_protocol          = "HTTP"
      ingress_security_group_ids = [aws_security_group.batch.id]
      deregistration_delay       = 5
      health_check = {
        path    = "/"
        matcher = "200"
      }
    }
  }

  # The instances: two on demand, the rest Spot.
  asg_subnets             = var.private_subnet_ids
  asg_instance_type       = "t3.medium"
  on_demand_base_capacity = 2
  root_volume_size        = 50

  # Logs, alarms and stock-taking.
  alarm_emails                   = ["ops@example.com"]
  sns_topic_arn                  = aws_sns_topic.on_call.arn
  cloudwatch_log_group_retention = 90
  enable_container_insights      = true
  enable_vector_agent            = true
  vector_aggregator_endpoint     = "vector.internal.example.com:6000"
  vanta_owner                    = "ops@example.com"
  vanta_description              = "The web application"

  tags = {
    team = "web"
  }
}

# What belongs to the application, not to the module.

data "aws_iam_policy_document" "app_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "app" {
  name_prefix        = "app-"
  assume_role_policy = data.aws_iam_policy_document.app_assume.json
}

resource "aws_secretsmanager_secret" "database_password" {
  name_prefix = "app-database-password-"
}

# The state holds the value. Without one no task starts.
resource "aws_secretsmanager_secret_version" "database_password" {
  secret_id     = aws_secretsmanager_secret.database_password.id
  secret_string = var.database_password
}

resource "aws_efs_file_system" "uploads" {
  encrypted = true
}

resource "aws_efs_mount_target" "uploads" {
  for_each = { for index, id in var.private_subnet_ids : tostring(index) => id }

  file_system_id  = aws_efs_file_system.uploads.id
  subnet_id       = each.value
  security_groups = [aws_security_group.uploads.id]
}

data "aws_subnet" "private" {
  id = var.private_subnet_ids[0]
}

resource "aws_security_group" "uploads" {
  name_prefix = "app-uploads-"
  description = "File system of the application"
  vpc_id      = data.aws_subnet.private.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "uploads" {
  security_group_id            = aws_security_group.uploads.id
  description                  = "NFS from the instances"
  referenced_security_group_id = module.app.backend_security_group.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_security_group" "batch" {
  name_prefix = "batch-"
  description = "Jobs that call the application within the VPC"
  vpc_id      = data.aws_subnet.private.vpc_id
}

# tfsec and trivy ask for a key: an on-call topic's messages hold no secret.
#tfsec:ignore:aws-sns-enable-topic-encryption
#trivy:ignore:avd-aws-0095
resource "aws_sns_topic" "on_call" {
  name_prefix = "on-call-"
}

data "aws_iam_policy_document" "on_call" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.on_call.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "on_call" {
  arn    = aws_sns_topic.on_call.arn
  policy = data.aws_iam_policy_document.on_call.json
}
