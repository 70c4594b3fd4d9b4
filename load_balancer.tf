# The load balancer with its primary listener: one of two kinds.

module "website_pod" {
  source = "./modules/website-pod"
  count  = local.is_alb ? 1 : 0
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  service_name                  = var.service_name
  load_balancer_name            = local.load_balancer_name
  target_group_name             = local.target_group_name
  vpc_id                        = local.vpc_id
  subnets                       = var.load_balancer_subnets
  internal                      = local.load_balancer_internal
  ingress_cidr_blocks           = var.alb_ingress_cidr_blocks
  backend_security_group_id     = module.instances.security_group_id
  extra_security_group_ids      = values(aws_security_group.extra_listeners)[*].id
  moved_in                      = local.moved_in
  idle_timeout                  = var.idle_timeout
  ssl_policy                    = var.ssl_policy
  zone_id                       = var.zone_id
  hostnames                     = local.hostnames
  primary_hostname              = local.primary_hostname
  make_records                  = var.assume_dns
  set_identifier                = local.dns_set_identifier
  weight                        = var.dns_weight
  certificate_issuers           = var.certificate_issuers
  target_port                   = var.container_port
  target_protocol               = local.primary_target_protocol
  load_balancing_algorithm_type = var.load_balancing_algorithm_type
  deregistration_delay          = var.deregistration_delay
  stickiness                    = module.extra_target_groups.primary_stickiness
  access_log_force_destroy      = var.access_log_force_destroy
  tags                          = local.tags
  name_tag                      = local.name_tag.alb

  health_check = {
    path     = var.healthcheck_path
    matcher  = var.healthcheck_response_code_matcher
    interval = var.healthcheck_interval
    timeout  = var.healthcheck_timeout
  }
}

module "tcp_pod" {
  source = "./modules/tcp-pod"
  count  = local.is_alb ? 0 : 1

  service_name              = var.service_name
  load_balancer_name        = local.load_balancer_name
  target_group_name         = local.target_group_name
  vpc_id                    = local.vpc_id
  subnets                   = var.load_balancer_subnets
  internal                  = local.load_balancer_internal
  backend_security_group_id = module.instances.security_group_id
  extra_security_group_ids  = values(aws_security_group.extra_listeners)[*].id
  moved_in                  = local.moved_in
  ingress_cidr_blocks       = var.alb_ingress_cidr_blocks
  target_port               = var.container_port
  deregistration_delay      = var.deregistration_delay
  stickiness                = module.extra_target_groups.primary_stickiness
  tags                      = local.tags
  name_tag                  = local.name_tag.nlb

  health_check = {
    interval = var.healthcheck_interval
    timeout  = var.healthcheck_timeout
  }
}

# Outside of the pods, so that the names lead somewhere while one kind of load
# balancer replaces the other.
module "alias_records" {
  source    = "./modules/alias-records"
  providers = { aws = aws.dns }

  zone_id                = var.zone_id
  hostnames              = var.assume_dns ? local.hostnames : {}
  load_balancer_dns_name = local.load_balancer_dns_name
  load_balancer_zone_id  = local.load_balancer_zone_id
  set_identifier         = local.dns_set_identifier
  weight                 = var.dns_weight
}

# In 8.4.0 each pod had them. Only one move may lead to an address, so those of the
# NLB take the way of the ALB's.
moved {
  from = module.tcp_pod[0].module.alias_records
  to   = module.website_pod[0].module.alias_records
}

moved {
  from = module.website_pod[0].module.alias_records
  to   = module.alias_records
}
