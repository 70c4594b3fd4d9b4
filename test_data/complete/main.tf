# A service that uses what the other fixtures leave at its default, each thing so
# that its effect can be seen from outside.

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

  # Environment is the module's environment too, in the caller's spelling.
  default_tags {
    tags = merge(var.tags, { Environment = "everything" })
  }

  dynamic "assume_role" {
    for_each = var.role_arn == null ? [] : [var.role_arn]

    content {
      role_arn = assume_role.value
    }
  }
}

# The zone could be in another account; here it is in the same one.
provider "aws" {
  alias  = "dns"
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
  # Where the image's configuration serves files from.
  htdocs = "/usr/local/apache2/htdocs"

  log_group = "/acme/${var.service_name}"

  bodies = {
    primary   = "the site of ${var.service_name}"
    encrypted = "the encrypted site of ${var.service_name}"
  }

  secrets = {
    database_password = "password-of-${var.service_name}"
    api_token         = "token-of-${var.service_name}"
  }

  # A second site, which is encrypted up to the container. The load balancer takes
  # any certificate of a target; this one is self-signed.
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
  encrypted_site = [
    "LoadModule ssl_module modules/mod_ssl.so",
    "Listen 8443 https",
    "<VirtualHost *:8443>",
    "DocumentRoot ${local.htdocs}/encrypted",
    "SSLEngine on",
    "SSLCertificateFile conf/target.crt",
    "SSLCertificateKeyFile conf/target.key",
    "</VirtualHost>",
  ]

  # What the container got is put where it can be fetched.
  commands = [
    "printf '%s' '${local.bodies.primary}' > ${local.htdocs}/index.html",
    "mkdir ${local.htdocs}/encrypted",
    "printf '%s' '${local.bodies.encrypted}' > ${local.htdocs}/encrypted/index.html",
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj '/CN=target' -keyout conf/target.key -out conf/target.crt",
    "printf '%s\\n' ${join(" ", [for line in local.encrypted_site : "'${line}'"])} >> conf/httpd.conf",
    "printf '%s' \"$NVIDIA_VISIBLE_DEVICES\" > ${local.htdocs}/gpus.txt",
    "printf '%s %s' \"$DATABASE_PASSWORD\" \"$API_TOKEN\" > ${local.htdocs}/secrets.txt",
    "hostname > ${local.htdocs}/task.txt",
    "hostname >> ${local.htdocs}/shared/tasks.txt",
    "exec httpd-foreground",
  ]
}

module "app" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  service_name    = var.service_name
  environment     = "production"
  upstream_module = "acme/app/aws"
  tags            = merge(var.tags, { SERVICE = "app" })

  # The container.
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  container_port        = 80
  container_command     = ["sh", "-c", join(" && ", local.commands)]
  task_role_arn         = aws_iam_role.app.arn
  task_ipc_mode         = "task"
  dockerSecurityOptions = ["no-new-privileges"]
  # The image has no curl.
  container_healthcheck_command = "test -s /usr/local/apache2/logs/httpd.pid"
  task_secrets = [
    { name = "DATABASE_PASSWORD", valueFrom = "${aws_secretsmanager_secret.database.arn}:password::" },
    { name = "API_TOKEN", valueFrom = aws_ssm_parameter.api_token.name },
  ]
  execution_extra_policy = { scratch = aws_iam_policy.extra.arn }
  task_efs_volumes = {
    shared = {
      file_system_id = terraform_data.shared_file_system.output
      container_path = "${local.htdocs}/shared"
    }
  }
  task_local_volumes = {
    host = {
      host_path      = "/srv/app"
      container_path = "${local.htdocs}/host"
    }
  }

  # The instances: one on demand, the others Spot.
  asg_subnets             = var.subnet_private_ids
  asg_instance_type       = var.asg_instance_type
  gpu_count               = var.gpu_count
  on_demand_base_capacity = 1
  users                   = ["default", { name = "deployer", shell = "/bin/bash" }]
  extra_files = [
    { path = "/srv/app/file.txt", permissions = "0644", content = "a file of cloud-init" },
  ]
  cloudinit_extra_commands = [
    "grep ^deployer: /etc/passwd | cut -d: -f1 > /srv/app/user.txt",
  ]

  # Tasks on both instances.
  task_desired_count                        = 2
  task_min_count                            = 2
  task_max_count                            = 4
  healthcheck_interval                      = 10
  service_health_check_grace_period_seconds = 60

  # The load balancer and its names.
  load_balancer_subnets         = var.subnet_public_ids
  zone_id                       = var.zone_id
  dns_names                     = [var.service_name, "*.${var.service_name}"]
  dns_routing_policy            = "weighted"
  dns_set_identifier            = "blue"
  dns_weight                    = 50
  alb_access_log_athena_enabled = true
  access_log_force_destroy      = true
  extra_target_groups = {
    sticky = {
      listener_port        = 8443
      container_port       = 80
      deregistration_delay = 10
      stickiness           = { cookie_duration = 3600 }
      health_check         = { interval = 10 }
    }
    encrypted = {
      listener_port        = 9443
      container_port       = 8443
      protocol             = "HTTPS"
      deregistration_delay = 10
      health_check         = { interval = 10 }
    }
  }

  # Logs, alarms and stock-taking.
  cloudwatch_log_group           = local.log_group
  cloudwatch_log_kms_key_id      = aws_kms_key.logs.arn
  cloudwatch_log_group_retention = 1
  enable_container_insights      = true
  enable_vector_agent            = true
  vector_aggregator_endpoint     = "vector.internal.example.com:6000"
  vector_agent_task_policy_arns  = [aws_iam_policy.extra.arn]
  alarm_emails                   = ["alarms@example.com"]
  sns_topic_arn                  = aws_sns_topic.on_call.arn
  vanta_owner                    = "ops@example.com"
  vanta_description              = "Shows what the module offers"
  vanta_contains_user_data       = true
  vanta_user_data_stored         = "names"
  vanta_no_alert                 = "test"
}
