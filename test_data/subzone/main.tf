# A zone of the test's own, delegated from a parent zone.

data "aws_route53_zone" "parent" {
  name         = var.parent_zone_name
  private_zone = false
}

resource "aws_route53_zone" "this" {
  name    = "${var.subdomain}.${trimsuffix(data.aws_route53_zone.parent.name, ".")}"
  comment = "Made by a test"

  # An interrupted run may leave records that no state knows.
  force_destroy = true
}

resource "aws_route53_record" "delegation" {
  zone_id = data.aws_route53_zone.parent.zone_id
  name    = aws_route53_zone.this.name
  type    = "NS"
  ttl     = 60
  records = aws_route53_zone.this.name_servers
}
