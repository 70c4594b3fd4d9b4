terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "service_name" {
  type = string
}

variable "tags" {
  type = map(string)
}

locals {
  # The end is random in the published module.
  name = "${substr(var.service_name, 0, 20)}-instance-abc123"
}

resource "aws_iam_role" "profile" {
  name_prefix = local.name
  tags        = merge(var.tags, { module_version = "1.9.0" })

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_policy" "profile" {
  name_prefix = local.name
  tags        = var.tags

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "ec2:Describe*", Resource = "*" }]
  })
}

resource "aws_iam_role_policy_attachment" "profile" {
  role       = aws_iam_role.profile.name
  policy_arn = aws_iam_policy.profile.arn
}

resource "aws_iam_role_policy_attachment" "ssm" {
  count      = 1
  role       = aws_iam_role.profile.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "profile" {
  name = local.name
  role = aws_iam_role.profile.name
  tags = var.tags
}

output "arn" {
  value = aws_iam_instance_profile.profile.arn
}

output "role_name" {
  value = aws_iam_role.profile.name
}
