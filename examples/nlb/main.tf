# A TCP service with a second port behind a network load balancer.

module "broker" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  lb_type               = "nlb"
  service_name          = "broker"
  docker_image          = "public.ecr.aws/docker/library/eclipse-mosquitto:2.0"
  container_port        = 1883
  container_command     = ["mosquitto", "-c", "/mosquitto-no-auth.conf"]
  load_balancer_subnets = var.public_subnet_ids
  asg_subnets           = var.private_subnet_ids
  zone_id               = var.zone_id
  dns_names             = ["broker"]
  alarm_emails          = ["ops@example.com"]

  container_healthcheck_command = "nc -z localhost 1883"

  extra_target_groups = {
    # The same port of the container, over TLS that ends at the load balancer.
    mqtts = {
      listener_port     = 8883
      container_port    = 1883
      protocol          = "TCP"
      listener_protocol = "TLS"
      certificate_arn   = var.certificate_arn
      health_check = {
        interval = 10
      }
    }
  }
}
