module "pod" {
  source    = "../website-pod"
  count     = local.is_alb ? 1 : 0
  providers = { aws = aws, aws.dns = aws.dns }

  service_name      = var.service_name
  subnets           = var.load_balancer_subnets
  internal          = !data.aws_subnet.load_balancer.map_public_ip_on_launch
  vpc_id            = data.aws_subnet.load_balancer.vpc_id
  vpc_cidr          = data.aws_vpc.this.cidr_block
  zone_id           = var.zone_id
  hostnames         = [for name in var.dns_names : trimprefix("${name}.${trimsuffix(data.aws_route53_zone.this.name, ".")}", ".")]
  assume_dns        = var.assume_dns
  alarm_emails      = var.alarm_emails
  target_port       = var.container_port
  health_check_path = var.healthcheck_path
  interval          = var.healthcheck_interval
  ingress           = var.alb_ingress_cidr_blocks
  backend_subnets   = var.asg_subnets
  image_id          = data.aws_ssm_parameter.ami.insecure_value
  key_name          = aws_key_pair.ecs.key_name
  user_data         = local.user_data
  tags              = local.pod_tags
}

module "tcp-pod" {
  source    = "../tcp-pod"
  count     = local.is_alb ? 0 : 1
  providers = { aws = aws, aws.dns = aws.dns }

  service_name    = var.service_name
  subnets         = var.load_balancer_subnets
  internal        = !data.aws_subnet.load_balancer.map_public_ip_on_launch
  vpc_id          = data.aws_subnet.load_balancer.vpc_id
  vpc_cidr        = data.aws_vpc.this.cidr_block
  zone_id         = var.zone_id
  hostnames       = [for name in var.dns_names : trimprefix("${name}.${trimsuffix(data.aws_route53_zone.this.name, ".")}", ".")]
  target_port     = var.container_port
  interval        = var.healthcheck_interval
  backend_subnets = var.asg_subnets
  image_id        = data.aws_ssm_parameter.ami.insecure_value
  public_key      = var.public_key
  user_data       = local.user_data
  tags            = local.pod_tags
}
