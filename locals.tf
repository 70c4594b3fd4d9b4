locals {
  # By an ARN: what data.aws_region calls the region is deprecated in provider 6,
  # and what provider 6 calls it is not in 5.
  region    = split(":", data.aws_subnet.load_balancer.arn)[3]
  partition = data.aws_partition.current.partition
  vpc_id    = data.aws_subnet.load_balancer.vpc_id

  lb_type = lower(var.lb_type)
  is_alb  = local.lb_type == "alb"

  # IAM and others take tag keys without regard to case, so each is there once: first
  # as in the provider's default_tags, which no resource can leave out, then as in var.tags.
  default_tags         = merge(data.aws_default_tags.current.tags, {})
  default_tag_spelling = { for key in keys(local.default_tags) : lower(key) => key... }
  caller_tags          = { for key, value in var.tags : try(local.default_tag_spelling[lower(key)][0], key) => value if value != null }
  caller_tag_keys      = [for key in keys(merge(local.default_tags, local.caller_tags)) : lower(key)]

  module_tags = {
    for key, value in {
      service               = var.service_name
      environment           = var.environment
      upstream_module       = var.upstream_module
      VantaNonProd          = tostring(!contains(var.vanta_production_environments, var.environment))
      VantaContainsUserData = tostring(var.vanta_contains_user_data)
      VantaContainsEPHI     = tostring(var.vanta_contains_ephi)
      VantaOwner            = var.vanta_owner
      VantaDescription      = var.vanta_description
      VantaUserDataStored   = var.vanta_user_data_stored
      VantaNoAlert          = var.vanta_no_alert
    } : key => value if try(length(value) > 0, false) && !contains(local.caller_tag_keys, lower(key))
  }

  tags = merge(local.caller_tags, local.module_tags)

  # IAM's rules, which are the strictest:
  # https://docs.aws.amazon.com/IAM/latest/APIReference/API_Tag.html
  invalid_tags = [
    for key, value in merge(local.default_tags, local.tags) : "${key} = \"${value}\""
    if !can(regex("^[\\pL\\pZ\\pN_.:/=+@-]{1,128}$", key)) || !can(regex("^[\\pL\\pZ\\pN_.:/=+@-]{0,256}$", value)) || startswith(lower(key), "aws:")
  ]

  # A name of its own has a resource that has none from the caller.
  name_tag = {
    for kind, name in {
      alb      = "${var.service_name}-alb"
      nlb      = "${var.service_name}-nlb"
      backend  = "${var.service_name}-backend"
      extra    = "${var.service_name}-extra"
      instance = var.service_name
    } : kind => contains(local.caller_tag_keys, "name") ? {} : { Name = name }
  }

  # "" stands for the zone's apex.
  zone_name = trimsuffix(data.aws_route53_zone.this.name, ".")
  # In lower case, as ACM and Route 53 give them back, so that another spelling is not
  # another record.
  hostnames = { for name in var.dns_names : lower(name) => lower(name == "" ? local.zone_name : "${name}.${local.zone_name}") }
  # The certificate's main name, and the host of the output URLs.
  primary_hostname = local.hostnames[lower(var.dns_names[0])]

  # The labels of a certificate's names, and what an ALB compares hosts with:
  # https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
  hostnames_with_underscore = [for hostname in values(local.hostnames) : hostname if local.is_alb && strcontains(hostname, "_")]

  # Null makes simple records.
  dns_set_identifier = var.dns_routing_policy == "weighted" ? var.dns_set_identifier : null

  # The name of a security group must not begin with "sg-".
  security_group_prefix = replace(substr(var.service_name, 0, 80), "/(?i)^sg-/", "sg")

  # Names have at most 32 letters, digits and hyphens, and must not begin with
  # "internal-". The hash is another one in each plan, for whatever the plan creates;
  # what is there keeps its name. So a successor, which is created before the
  # predecessor is destroyed, never meets its name, whatever the reason for it.
  load_balancer_internal  = !data.aws_subnet.load_balancer.map_public_ip_on_launch
  primary_target_protocol = local.is_alb ? var.target_group_protocol : "TCP"
  hyphenated_name         = replace(var.service_name, "/[^A-Za-z0-9]+/", "-")
  safe_name               = lower(local.hyphenated_name) == "internal" ? "int" : replace(local.hyphenated_name, "/(?i)^internal-/", "internal")
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
