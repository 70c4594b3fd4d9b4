# What AWS would say in a plan: a public subnet, a small x86_64 instance type and
# the ECS-optimized image.

mock_data "aws_partition" {
  defaults = {
    partition = "aws"
  }
}

mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
  }
}

mock_data "aws_subnet" {
  defaults = {
    arn                     = "arn:aws:ec2:us-west-2:123456789012:subnet/subnet-1"
    vpc_id                  = "vpc-1"
    map_public_ip_on_launch = true
  }
}

mock_data "aws_ec2_instance_type" {
  defaults = {
    supported_architectures = ["x86_64"]
    default_vcpus           = 2
    memory_size             = 1024
    gpus                    = []
  }
}

mock_data "aws_ssm_parameter" {
  defaults = {
    insecure_value = "ami-0123456789abcdef0"
  }
}

mock_data "aws_ami" {
  defaults = {
    architecture     = "x86_64"
    root_device_name = "/dev/xvda"
    block_device_mappings = [
      {
        device_name = "/dev/xvda"
        ebs         = { volume_size = "30" }
      }
    ]
  }
}

mock_data "aws_iam_policy_document" {
  defaults = {
    json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  }
}

mock_data "aws_default_tags" {
  defaults = {
    tags = {}
  }
}
