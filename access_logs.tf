# What may be done with the access logs of an ALB beside keeping them: query them,
# and replicate them to another region.

module "access_log_query" {
  source = "./modules/access-log-query"
  count  = local.is_alb && var.alb_access_log_athena_enabled ? 1 : 0

  service_name  = var.service_name
  bucket_name   = module.website_pod[0].access_log_bucket_name
  account_id    = data.aws_caller_identity.current.account_id
  region        = local.region
  force_destroy = var.access_log_force_destroy
  tags          = local.tags
}

module "access_log_replica" {
  source = "./modules/bucket-replica"
  count  = local.is_alb && var.replication_region != null ? 1 : 0

  service_name       = var.service_name
  source_bucket_name = module.website_pod[0].versioned_access_log_bucket_name
  source_bucket_arn  = module.website_pod[0].access_log_bucket_arn
  region             = var.replication_region
  tags               = local.tags
}
