# A service for the VPC alone: its load balancer is in private subnets, which
# makes it internal, and only the VPC's network may reach it.

module "api" {
  source = "../../" # in a copy: the source and version of ../README.md
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  service_name            = "api"
  docker_image            = "public.ecr.aws/docker/library/httpd:2.4"
  container_port          = 80
  load_balancer_subnets   = var.private_subnet_ids
  asg_subnets             = var.private_subnet_ids
  alb_ingress_cidr_blocks = ["10.0.0.0/16"]
  zone_id                 = var.zone_id
  dns_names               = ["api.internal"]
  alarm_emails            = ["ops@example.com"]

  container_healthcheck_command = "test -s /usr/local/apache2/logs/httpd.pid"
}
