# A module call with depends_on: what the module reads is known in the apply only,
# and must not decide how many resources there are.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

run "nothing_that_is_read_is_known" {
  command = plan

  module {
    source = "./tests/depends_on"
  }

  assert {
    condition     = output.extra_target_groups["otlp"].listener_port == 4317
    error_message = "The output is another one."
  }
}
