# As in 8.3.1. The test of 7.8.0 has the file of that release instead.

module "access_log" {
  source = "../access-log"
  prefix = local.prefix
  tags   = var.tags
}

locals {
  access_log_bucket = module.access_log.bucket
}
