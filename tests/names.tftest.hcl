# Names that the service's own name could spoil, in the modules that give them.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

# The name of a security group must not begin with sg-.
variables {
  service_name                    = "sg-api"
  load_balancer_name              = "sg-api-12345678"
  target_group_name               = "sg-api-87654321"
  cluster_id                      = "arn:aws:ecs:us-west-2:123456789012:cluster/sg-api"
  vpc_id                          = "vpc-1"
  subnets                         = ["subnet-a", "subnet-b"]
  internal                        = false
  ingress_cidr_blocks             = ["0.0.0.0/0"]
  moved_in                        = false
  backend_security_group_id       = "sg-1"
  load_balancer_security_group_id = "sg-2"
  extra_security_group_ids        = []
  zone_id                         = "Z0123456789"
  hostnames                       = { api = "api.example.com" }
  primary_hostname                = "api.example.com"
  make_records                    = true
  set_identifier                  = null
  weight                          = 100
  certificate_issuers             = ["amazon.com"]
  target_port                     = 8080
  target_protocol                 = "HTTP"
  load_balancing_algorithm_type   = "round_robin"
  access_log_force_destroy        = false
  idle_timeout                    = 60
  ssl_policy                      = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  instance_type                   = "t3.micro"
  ami_id                          = "ami-0123456789abcdef0"
  root_device_name                = "/dev/xvda"
  root_volume_size                = 30
  user_data                       = ""
  min_size                        = 1
  max_size                        = 2
  health_check_grace_period       = 300
  protect_from_scale_in           = true
  max_instance_lifetime           = null
  on_demand_base_capacity         = null
  capacity_reservation_id         = null
  ssh_key_name                    = null
  ssh_cidr_block                  = null
  extra_permissions               = null
  tags                            = {}
  name_tag                        = {}
  instance_tags                   = {}
  deregistration_delay            = 300
  stickiness                      = { enabled = true, type = "lb_cookie", cookie_duration = null, cookie_name = null }
  health_check                    = { path = "/", matcher = "200", interval = 10, timeout = 5 }
}

run "security_group_of_an_alb" {
  command = plan

  module {
    source = "./modules/website-pod"
  }

  assert {
    condition     = aws_security_group.this.name_prefix == "sgapi-alb-"
    error_message = "Prefix: ${aws_security_group.this.name_prefix}"
  }
}

run "security_group_of_an_nlb" {
  command = plan

  module {
    source = "./modules/tcp-pod"
  }

  assert {
    condition     = aws_security_group.this.name_prefix == "sgapi-nlb-"
    error_message = "Prefix: ${aws_security_group.this.name_prefix}"
  }
}

run "security_group_of_the_instances" {
  command = plan

  module {
    source = "./modules/instances"
  }

  assert {
    condition     = aws_security_group.backend.name_prefix == "sgapi-backend-"
    error_message = "Prefix: ${aws_security_group.backend.name_prefix}"
  }
}

# ECS adds AmazonECSManaged in this spelling, and no other.
run "tags_of_the_instances" {
  command = plan

  module {
    source = "./modules/instances"
  }

  variables {
    instance_tags = { Team = "a", amazonECSmanaged = "x" }
  }

  assert {
    condition     = { for tag in aws_autoscaling_group.this.tag : tag.key => tag.value } == { Team = "a", AmazonECSManaged = "true" }
    error_message = "Tags: ${jsonencode(aws_autoscaling_group.this.tag)}"
  }

  assert {
    condition     = alltrue([for specification in aws_launch_template.this.tag_specifications : specification.tags == tomap({ Team = "a", amazonECSmanaged = "x" })])
    error_message = "Tags: ${jsonencode(aws_launch_template.this.tag_specifications)}"
  }
}

# The provider wants three characters of a launch template's prefix.
run "instances_of_a_service_with_one_character" {
  command = plan

  module {
    source = "./modules/instances"
  }

  variables {
    service_name = "a"
  }

  assert {
    condition     = aws_launch_template.this.name_prefix == "a--" && aws_autoscaling_group.this.name_prefix == "a-"
    error_message = "Prefixes: ${aws_launch_template.this.name_prefix}, ${aws_autoscaling_group.this.name_prefix}"
  }
}

# S3 refuses buckets whose names begin so.
run "bucket_of_a_service_that_is_named_like_s3s_own" {
  command = plan

  module {
    source = "./modules/access-log-bucket"
  }

  variables {
    service_name  = "sthree-x"
    force_destroy = false
  }

  assert {
    condition     = aws_s3_bucket.this.bucket_prefix == "s3-x-access-log-"
    error_message = "Prefix: ${aws_s3_bucket.this.bucket_prefix}"
  }
}
