locals {
  # By an ARN: what data.aws_region calls the region is deprecated in provider 6,
  # and what provider 6 calls it is not in 5.
  region    = split(":", data.aws_subnet.load_balancer.arn)[3]
  partition = data.aws_partition.current.partition
  vpc_id    = data.aws_subnet.load_balancer.vpc_id

  lb_type = lower(var.lb_type)
  is_alb  = local.lb_type == "alb"

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

  # Names have at most 32 letters, digits and hyphens, and must not begin with
  # "internal-". The hash is another one in each plan, for whatever the plan creates;
  # what is there keeps its name. So a successor, which is created before the
  # predecessor is destroyed, never meets its name, whatever the reason for it.
  load_balancer_internal  = !data.aws_subnet.load_balancer.map_public_ip_on_launch
  primary_target_protocol = local.is_alb ? var.target_group_protocol : "TCP"
  safe_name               = replace(replace(var.service_name, "/[^A-Za-z0-9]+/", "-"), "/(?i)^internal-/", "internal")
  short_name              = trim(substr(local.safe_name, 0, 23), "-")
  load_balancer_name = join("-", [
    local.short_name,
    substr(sha1(jsonencode([var.service_name, plantimestamp()])), 0, 8),
  ])
  target_group_name = join("-", [
    local.short_name,
    substr(sha1(local.load_balancer_name), 0, 8),
  ])

  # One of the two pods exists, and both have outputs of these names. Each output is
  # referenced by itself: what uses a local of the whole pod would wait for all of
  # its outputs, the issued certificate among them.
  load_balancer_arn               = local.is_alb ? module.website_pod[0].load_balancer_arn : module.tcp_pod[0].load_balancer_arn
  load_balancer_arn_suffix        = local.is_alb ? module.website_pod[0].load_balancer_arn_suffix : module.tcp_pod[0].load_balancer_arn_suffix
  load_balancer_dns_name          = local.is_alb ? module.website_pod[0].load_balancer_dns_name : module.tcp_pod[0].load_balancer_dns_name
  load_balancer_zone_id           = local.is_alb ? module.website_pod[0].load_balancer_zone_id : module.tcp_pod[0].load_balancer_zone_id
  load_balancer_security_group_id = local.is_alb ? module.website_pod[0].security_group_id : module.tcp_pod[0].security_group_id
  target_group_arn                = local.is_alb ? module.website_pod[0].target_group_arn : module.tcp_pod[0].target_group_arn
  target_group_arn_suffix         = local.is_alb ? module.website_pod[0].target_group_arn_suffix : module.tcp_pod[0].target_group_arn_suffix
  certificate_arn                 = local.is_alb ? module.website_pod[0].certificate_arn : null
}
