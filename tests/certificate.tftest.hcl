# The certificate of the host names, and the records that validate it.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

variables {
  service_name                  = "tempo"
  load_balancer_name            = "tempo-12345678"
  target_group_name             = "tempo-87654321"
  vpc_id                        = "vpc-1"
  subnets                       = ["subnet-c", "subnet-d"]
  internal                      = false
  ingress_cidr_blocks           = ["0.0.0.0/0"]
  moved_in                      = false
  backend_security_group_id     = "sg-1"
  extra_security_group_ids      = []
  idle_timeout                  = 60
  ssl_policy                    = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  zone_id                       = "Z0123456789"
  hostnames                     = { "" = "example.com", "*" = "*.example.com", "*.eu" = "*.eu.example.com", "www" = "www.example.com" }
  primary_hostname              = "example.com"
  make_records                  = true
  set_identifier                = null
  weight                        = 100
  certificate_issuers           = ["amazon.com"]
  target_port                   = 80
  target_protocol               = "HTTP"
  deregistration_delay          = 300
  stickiness                    = { enabled = true, type = "lb_cookie", cookie_duration = null, cookie_name = null }
  load_balancing_algorithm_type = "round_robin"
  health_check                  = { path = "/", matcher = "200", interval = 10, timeout = 5 }
  access_log_force_destroy      = false
  tags                          = {}
  name_tag                      = {}
}

run "a_name_and_the_names_below_it_have_one_validation_record" {
  command = plan

  module {
    source = "./modules/website-pod"
  }

  assert {
    condition     = toset(keys(aws_route53_record.validation)) == toset(["", "eu", "www"])
    error_message = "Validation records: ${jsonencode(keys(aws_route53_record.validation))}"
  }

  assert {
    condition     = toset(aws_acm_certificate.this.subject_alternative_names) == toset(["*.eu.example.com", "*.example.com", "www.example.com"])
    error_message = "The certificate is for other names: ${jsonencode(aws_acm_certificate.this.subject_alternative_names)}"
  }
}

run "names_of_another_service" {
  command = plan

  module {
    source = "./modules/website-pod"
  }

  variables {
    make_records = false
  }

  assert {
    condition     = length(aws_route53_record.caa) == 0 && length(aws_route53_record.validation) == 3
    error_message = "CAA records: ${jsonencode(keys(aws_route53_record.caa))}, validation records: ${jsonencode(keys(aws_route53_record.validation))}"
  }
}

run "names_that_services_share" {
  command = plan

  module {
    source = "./modules/website-pod"
  }

  variables {
    set_identifier = "blue"
  }

  assert {
    condition = alltrue([
      for record in concat(values(aws_route53_record.caa), values(aws_route53_record.validation)) :
      record.set_identifier == "blue" && length(record.weighted_routing_policy) == 1
    ])
    error_message = "A record of the shared names is everyone's."
  }
}

run "names_of_one_service" {
  command = plan

  module {
    source = "./modules/website-pod"
  }

  assert {
    condition     = alltrue([for record in values(aws_route53_record.validation) : record.set_identifier == null && length(record.weighted_routing_policy) == 0])
    error_message = "A record has a weight."
  }
}
