# Grafana Tempo: its HTTP interface on 3200 behind the primary listener, and OTLP
# over gRPC on 4317 behind an HTTPS listener of its own.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = var.tags
  }

  dynamic "assume_role" {
    for_each = var.role_arn == null ? [] : [var.role_arn]

    content {
      role_arn = assume_role.value
    }
  }
}

locals {
  # All in one process, with its data in a directory of the container.
  tempo_config = {
    server = {
      http_listen_port = 3200
    }
    distributor = {
      receivers = {
        otlp = {
          protocols = {
            grpc = { endpoint = "0.0.0.0:4317" }
          }
        }
      }
    }
    storage = {
      trace = {
        backend = "local"
        local   = { path = "/tmp/tempo/blocks" }
        wal     = { path = "/tmp/tempo/wal" }
      }
    }
  }
}

module "tempo" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws # the zone is in the same account
  }

  service_name          = var.service_name
  environment           = "test"
  docker_image          = "grafana/tempo:2.6.1"
  container_port        = 3200
  container_command     = ["-config.file=/etc/tempo-config/tempo.yaml"]
  container_memory      = 256
  load_balancer_subnets = var.subnet_public_ids
  asg_subnets           = var.subnet_private_ids
  zone_id               = var.zone_id
  dns_names             = [var.service_name]
  alarm_emails          = ["alarms@example.com"]
  tags                  = var.tags

  # The configuration comes from the instance, on which cloud-init writes it.
  extra_files = [
    {
      path        = "/etc/tempo-config/tempo.yaml"
      permissions = "0644"
      content     = yamlencode(local.tempo_config)
    }
  ]
  task_local_volumes = {
    config = {
      host_path      = "/etc/tempo-config"
      container_path = "/etc/tempo-config"
    }
  }

  healthcheck_path = "/ready"
  # What the image holds to ask itself differs from release to release.
  container_healthcheck_command = null

  cloudwatch_log_group_retention            = 1
  access_log_force_destroy                  = true
  service_health_check_grace_period_seconds = 120

  extra_target_groups = {
    otlp_grpc = {
      listener_port        = 4317
      container_port       = 4317
      protocol_version     = "GRPC"
      deregistration_delay = 10
      health_check = {
        interval = 10
        # Tempo has no method of that name: UNIMPLEMENTED proves that gRPC answers.
        matcher = "12"
      }
    }
  }
}
