# A TCP service behind a Network Load Balancer, with a second port that ends TLS.

module "site" {
  source = "../../" # in a copy: the source and version of ../README.md
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  lb_type               = "nlb"
  service_name          = "site"
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  container_port        = 80
  load_balancer_subnets = var.public_subnet_ids
  asg_subnets           = var.private_subnet_ids
  zone_id               = var.zone_id
  dns_names             = ["site"]
  alarm_emails          = ["ops@example.com"]

  # The image has no curl, which the default asks with.
  container_healthcheck_command = "test -s /usr/local/apache2/logs/httpd.pid"

  extra_target_groups = {
    # The same port of the container, over TLS that ends at the load balancer.
    tls = {
      listener_port     = 443
      container_port    = 80
      protocol          = "TCP"
      listener_protocol = "TLS"
      certificate_arn   = var.certificate_arn
      health_check = {
        interval = 10
      }
    }
  }
}
