# Every example plans.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

variables {
  zone_id            = "Z0123456789"
  public_subnet_ids  = ["subnet-c", "subnet-d"]
  private_subnet_ids = ["subnet-a", "subnet-b"]
  certificate_arn    = "arn:aws:acm:us-west-2:123456789012:certificate/1"
  database_password  = "a secret"
}

run "minimal" {
  command = plan

  module {
    source = "./examples/minimal"
  }

  assert {
    condition     = output.hostnames == ["web.example.com"]
    error_message = "The output is another one."
  }
}

run "tempo_grpc" {
  command = plan

  module {
    source = "./examples/tempo-grpc"
  }

  assert {
    condition     = can(regex("^https://tempo\\..+:4317$", output.otlp_endpoint))
    error_message = "The output is another one."
  }
}

run "nlb" {
  command = plan

  module {
    source = "./examples/nlb"
  }

  assert {
    condition     = output.tls_url == "tls://site.example.com:443"
    error_message = "The output is another one."
  }
}

run "internal" {
  command = plan

  module {
    source = "./examples/internal"
  }

  assert {
    condition     = output.hostnames == ["api.internal.example.com"]
    error_message = "The output is another one."
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  assert {
    condition     = output.extra_urls == { admin = "https://example.com:8443", plain = "http://example.com:8080" }
    error_message = "The output is another one."
  }
}
