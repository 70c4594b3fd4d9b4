# A web server behind HTTPS, with what can't be left out.

module "web" {
  source = "../../" # in a copy: the source and version of ../README.md
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  service_name          = "web"
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  container_port        = 80
  load_balancer_subnets = var.public_subnet_ids
  asg_subnets           = var.private_subnet_ids
  zone_id               = var.zone_id
  dns_names             = ["web"]
  alarm_emails          = ["ops@example.com"]

  # The image has no curl, which the default asks with.
  container_healthcheck_command = "test -s /usr/local/apache2/logs/httpd.pid"
}
