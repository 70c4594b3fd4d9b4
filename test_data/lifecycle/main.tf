# Apache httpd whose target groups come, change and go while it serves, behind
# either kind of load balancer. The container listens on three ports, unless
# one is silent, and speaks HTTP/1.1 and, in clear text, HTTP/2 on each.

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
  sites = {
    primary = { port = 80, body = "the primary site of ${var.service_name}" }
    first   = { port = 8081, body = "the first extra site of ${var.service_name}" }
    second  = { port = 8082, body = "the second extra site of ${var.service_name}" }
  }

  # The image's configuration listens on 80 and serves /usr/local/apache2/htdocs.
  make_sites = [
    for name, site in local.sites : join(" && ", [
      "mkdir -p /usr/local/apache2/htdocs/${name}",
      "printf '%s' '${site.body}' > /usr/local/apache2/htdocs/${name}/index.html",
      join(" ", compact([
        "printf '%s\\n'",
        contains([80, var.silent_port], site.port) ? "" : "'Listen ${site.port}'",
        "'<VirtualHost *:${site.port}>' 'DocumentRoot \"/usr/local/apache2/htdocs/${name}\"' '</VirtualHost>'",
        ">> /usr/local/apache2/conf/httpd.conf",
      ])),
    ])
  ]
  speak_http2 = "printf '%s\\n' 'LoadModule http2_module modules/mod_http2.so' 'Protocols h2c http/1.1' >> /usr/local/apache2/conf/httpd.conf"
}

module "httpd" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws # the zone is in the same account
  }

  service_name          = var.service_name
  environment           = "test"
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  lb_type               = var.lb_type
  container_port        = var.container_port
  container_command     = ["sh", "-c", join(" && ", concat(local.make_sites, [local.speak_http2, "exec httpd-foreground"]))]
  load_balancer_subnets = var.subnet_public_ids
  asg_subnets           = var.subnet_private_ids
  zone_id               = var.zone_id
  dns_names             = [var.service_name]
  alarm_emails          = ["alarms@example.com"]
  tags                  = var.tags

  # The image has no curl.
  container_healthcheck_command = "test -s /usr/local/apache2/logs/httpd.pid"
  healthcheck_interval          = 10
  task_desired_count            = 2
  task_min_count                = 2
  task_max_count                = 4

  cloudwatch_log_group_retention            = 1
  access_log_force_destroy                  = true
  service_health_check_grace_period_seconds = var.grace_period
  deployment_alarms                         = var.deployment_alarms
  wait_for_steady_state                     = var.wait_for_steady_state

  extra_target_groups = {
    for key, entry in var.extra_target_groups : key => {
      listener_port              = entry.listener_port
      container_port             = entry.container_port
      protocol                   = entry.protocol
      protocol_version           = entry.protocol_version
      deregistration_delay       = 10
      health_check               = { interval = 10 }
      ingress_cidr_blocks        = ["0.0.0.0/0", terraform_data.partner.output]
      ingress_security_group_ids = [for client in entry.clients : aws_security_group.client[client].id]
    }
  }
}

# Clients of the entries, whose ids and network the first plan does not know.
resource "aws_security_group" "client" {
  for_each = toset(["a", "b"])

  name_prefix = "${var.service_name}-client-"
  vpc_id      = data.aws_subnet.public.vpc_id
}

resource "terraform_data" "partner" {
  input = "203.0.113.0/24"
}

data "aws_subnet" "public" {
  id = var.subnet_public_ids[0]
}
