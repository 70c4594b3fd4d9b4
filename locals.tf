locals {
  region    = data.aws_region.current.id
  partition = data.aws_partition.current.partition
  vpc_id    = data.aws_subnet.load_balancer.vpc_id

  is_alb = lower(var.lb_type) == "alb"

  tags = merge(
    var.tags,
    {
      service     = var.service_name
      environment = var.environment
    },
    { for key, value in { upstream_module = var.upstream_module } : key => value if value != null },
  )

  # "" stands for the zone's apex.
  zone_name = trimsuffix(data.aws_route53_zone.this.name, ".")
  hostnames = { for name in var.dns_names : name => name == "" ? local.zone_name : "${name}.${local.zone_name}" }

  # Null makes simple records.
  dns_set_identifier = var.dns_routing_policy == "weighted" ? var.dns_set_identifier : null

  # An arm64 image only for types that run nothing else.
  architecture  = contains(data.aws_ec2_instance_type.this.supported_architectures, "x86_64") ? "x86_64" : "arm64"
  ami_parameter = "/aws/service/ecs/optimized-ami/amazon-linux-2023/${local.architecture == "arm64" ? "arm64/" : ""}recommended/image_id"
  ami_id        = coalesce(var.ami_id, one([for parameter in data.aws_ssm_parameter.ami : parameter.insecure_value]))

  # One of the two pods is there; both call these the same.
  load_balancer_arn               = local.is_alb ? module.website_pod[0].load_balancer_arn : module.tcp_pod[0].load_balancer_arn
  load_balancer_arn_suffix        = local.is_alb ? module.website_pod[0].load_balancer_arn_suffix : module.tcp_pod[0].load_balancer_arn_suffix
  load_balancer_name              = local.is_alb ? module.website_pod[0].load_balancer_name : module.tcp_pod[0].load_balancer_name
  load_balancer_dns_name          = local.is_alb ? module.website_pod[0].load_balancer_dns_name : module.tcp_pod[0].load_balancer_dns_name
  load_balancer_security_group_id = local.is_alb ? module.website_pod[0].security_group_id : module.tcp_pod[0].security_group_id
  target_group_arn                = local.is_alb ? module.website_pod[0].target_group_arn : module.tcp_pod[0].target_group_arn
  target_group_arn_suffix         = local.is_alb ? module.website_pod[0].target_group_arn_suffix : module.tcp_pod[0].target_group_arn_suffix
  certificate_arn                 = local.is_alb ? module.website_pod[0].certificate_arn : null
}
