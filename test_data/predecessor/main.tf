# A service as a caller of the published module has it, built by modules that make
# the same resources at the same addresses. The test swaps the module's source for
# this repository's.

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
        site.port == 80 ? "" : "'Listen ${site.port}'",
        "'<VirtualHost *:${site.port}>' 'DocumentRoot \"/usr/local/apache2/htdocs/${name}\"' '</VirtualHost>'",
        ">> /usr/local/apache2/conf/httpd.conf",
      ])),
    ])
  ]
}

module "httpd" {
  source = "./ecs"
  providers = {
    aws     = aws
    aws.dns = aws # the zone is in the same account
  }

  service_name          = var.service_name
  environment           = "test"
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  lb_type               = var.lb_type
  container_port        = 80
  container_command     = ["sh", "-c", join(" && ", concat(local.make_sites, ["exec httpd-foreground"]))]
  load_balancer_subnets = var.subnet_public_ids
  asg_subnets           = var.subnet_private_ids
  zone_id               = var.zone_id
  dns_names             = [var.service_name, "www.${var.service_name}"]
  alarm_emails          = ["alarms@example.com"]
  tags                  = var.tags

  # The image has no curl.
  container_healthcheck_command  = "test -s /usr/local/apache2/logs/httpd.pid"
  task_desired_count             = 2
  task_min_count                 = 2
  task_max_count                 = 4
  enable_container_insights      = true
  cloudwatch_log_group_retention = 1
  access_log_force_destroy       = true

  # Its extra listeners are HTTPS ones, which an NLB does not have.
  extra_target_groups = {
    for key, entry in {
      first  = { listener_port = 8081, container_port = 8081, health_check = { matcher = "200-499" } }
      second = { listener_port = 9090, container_port = 8082 }
    } : key => entry if var.lb_type == "alb"
  }
}
