# Nothing is declared here. The sweep puts a state beside it, of what an aborted
# run left: Terraform destroys what a state has and a configuration has not.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = var.tags
  }

  dynamic "assume_role" {
    for_each = var.role_arn == null ? [] : [var.role_arn]

    content {
      role_arn = assume_role.value
    }
  }
}
