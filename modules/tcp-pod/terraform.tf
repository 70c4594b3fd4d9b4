terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
      # aws.dns manages the records of zone_id, which may be in another account.
      configuration_aliases = [aws.dns]
    }
  }
}
