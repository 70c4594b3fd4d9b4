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
  region = "us-west-2"
}

# The zone may be in another account; then this configuration assumes a role there.
provider "aws" {
  alias  = "dns"
  region = "us-west-2"
}
