locals {
  # By an ARN: what data.aws_region calls the region is deprecated in provider 6,
  # and what provider 6 calls it is not in 5.
  region    = split(":", data.aws_subnet.load_balancer.arn)[3]
  partition = data.aws_partition.current.partition
  vpc_id    = data.aws_subnet.load_balancer.vpc_id

  is_alb = lower(var.lb_type) == "alb"

  tags = merge(
    var.tags,
    {
      service     = var.service_name
      environment = var.environment
    },
    {
      VantaNonProd          = tostring(!contains(var.vanta_production_environments, var.environment))
      VantaContainsUserData = tostring(var.vanta_contains_user_data)
      VantaContainsEPHI     = tostring(var.vanta_contains_ephi)
    },
    {
      for key, value in {
        upstream_module     = var.upstream_module
        VantaOwner          = var.vanta_owner
        VantaDescription    = var.vanta_description
        VantaUserDataStored = var.vanta_user_data_stored
        VantaNoAlert        = var.vanta_no_alert
      } : key => value if value != null
    },
  )

  # "" stands for the zone's apex.
  zone_name = trimsuffix(data.aws_route53_zone.this.name, ".")
  # In lower case, as ACM and Route 53 give them back.
  hostnames = { for name in var.dns_names : name => lower(name == "" ? local.zone_name : "${name}.${local.zone_name}") }
  # The certificate's main name, and the host of the output URLs.
  primary_hostname = local.hostnames[var.dns_names[0]]

  # Null makes simple records.
  dns_set_identifier = var.dns_routing_policy == "weighted" ? var.dns_set_identifier : null

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
