resource "aws_acm_certificate" "website" {
  domain_name               = var.hostnames[0]
  subject_alternative_names = var.hostnames
  validation_method         = "DNS"
  tags                      = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "cert_validation" {
  provider = aws.dns
  for_each = { for option in aws_acm_certificate.website.domain_validation_options : option.domain_name => option }

  zone_id = var.zone_id
  name    = each.value.resource_record_name
  type    = each.value.resource_record_type
  records = [each.value.resource_record_value]
  ttl     = 60
}

resource "aws_acm_certificate_validation" "website" {
  certificate_arn         = aws_acm_certificate.website.arn
  validation_record_fqdns = [for record in aws_route53_record.cert_validation : record.fqdn]
}

resource "aws_route53_record" "extra" {
  provider = aws.dns
  count    = var.assume_dns ? length(var.hostnames) : 0

  zone_id = var.zone_id
  name    = var.hostnames[count.index]
  type    = "A"

  alias {
    name                   = aws_alb.website.dns_name
    zone_id                = aws_alb.website.zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "extra_caa_amazon" {
  provider = aws.dns
  count    = var.assume_dns ? length(var.hostnames) : 0

  zone_id = var.zone_id
  name    = var.hostnames[count.index]
  type    = "CAA"
  ttl     = 300
  records = ["0 issue \"amazon.com\"", "0 issuewild \";\""]
}
