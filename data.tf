data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

# Tags that the provider adds to all resources, but not to what a group launches.
data "aws_default_tags" "current" {}

# The first subnet speaks for all: they are in one VPC and of one kind.
data "aws_subnet" "load_balancer" {
  id = var.load_balancer_subnets[0]
}

data "aws_subnet" "instances" {
  id = var.asg_subnets[0]
}

data "aws_route53_zone" "this" {
  provider = aws.dns
  zone_id  = var.zone_id
}

data "aws_ec2_instance_type" "this" {
  instance_type = var.asg_instance_type
}

# The image that AWS recommends for ECS on Amazon Linux 2023.
data "aws_ssm_parameter" "ami" {
  name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/${local.ami_variant}recommended/image_id"
}

data "aws_ami" "this" {
  filter {
    name   = "image-id"
    values = [local.ami_id]
  }
}
