# A caller whose module call depends on something that is yet to be made: nothing
# that the module reads is known in the plan.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {}

provider "aws" {
  alias = "dns"
}

resource "terraform_data" "network" {}

module "service" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  service_name               = "tempo"
  docker_image               = "grafana/tempo"
  container_port             = 3200
  load_balancer_subnets      = ["subnet-c", "subnet-d"]
  asg_subnets                = ["subnet-a", "subnet-b"]
  zone_id                    = "Z0123456789"
  dns_names                  = ["tempo"]
  alarm_emails               = ["ops@example.com"]
  lb_type                    = "nlb" # mocks can't tell what validates a certificate that is not known
  enable_vector_agent        = true
  vector_aggregator_endpoint = "vector.example.com:6000"

  container_healthcheck_command = null

  extra_target_groups = {
    otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP" }
    tls = {
      listener_port              = 4318
      container_port             = 4317
      protocol                   = "TCP"
      listener_protocol          = "TLS"
      certificate_arn            = terraform_data.network.id
      ingress_security_group_ids = [terraform_data.network.id]
    }
  }

  depends_on = [terraform_data.network]
}

output "extra_target_groups" {
  description = "The module's output, by key."
  value       = module.service.extra_target_groups
}
