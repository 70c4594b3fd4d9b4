# The zone of the tests.

mock_data "aws_route53_zone" {
  defaults = {
    name         = "example.com"
    private_zone = false
  }
}
