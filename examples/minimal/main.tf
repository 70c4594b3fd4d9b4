# A web server behind HTTPS, with what can't be left out.

module "web" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  service_name          = "web"
  docker_image          = "public.ecr.aws/nginx/nginx:1.27"
  container_port        = 80
  load_balancer_subnets = var.public_subnet_ids
  asg_subnets           = var.private_subnet_ids
  zone_id               = var.zone_id
  dns_names             = ["web"]
  alarm_emails          = ["ops@example.com"]
}
