# What the instances may do: join the cluster, pull images, and be reached by
# Session Manager.

data "aws_partition" "current" {}

locals {
  managed_policies = {
    ecs             = "service-role/AmazonEC2ContainerServiceforEC2Role"
    session_manager = "AmazonSSMManagedInstanceCore"
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type = "Service"
      # In the China partition EC2 acts under its Chinese name.
      identifiers = ["ec2.${data.aws_partition.current.partition == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"}"]
    }
  }
}

resource "aws_iam_role" "instance" {
  name_prefix        = local.name_prefix
  description        = "Instances of the ECS service ${var.service_name}"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags

  lifecycle {
    create_before_destroy = true
    # One that moved in keeps its name.
    ignore_changes = [name, name_prefix]
  }
}

resource "aws_iam_role_policy_attachment" "instance" {
  for_each = local.managed_policies

  role       = aws_iam_role.instance.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value}"
}

# The caller's permissions may name resources that are yet to be made, so whether
# there are any must not decide whether there is a policy.
data "aws_iam_policy_document" "instance" {
  source_policy_documents = compact([var.extra_permissions])

  # The agent gives the container instance the tags of its EC2 instance. The call
  # names no resource.
  statement {
    sid       = "ReadTags"
    actions   = ["ec2:DescribeTags"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "instance" {
  name   = "instance"
  role   = aws_iam_role.instance.name
  policy = data.aws_iam_policy_document.instance.json
}

resource "aws_iam_instance_profile" "this" {
  name_prefix = local.name_prefix
  role        = aws_iam_role.instance.name
  tags        = var.tags

  lifecycle {
    create_before_destroy = true
    # One that moved in keeps its name.
    ignore_changes = [name, name_prefix]
  }
}
