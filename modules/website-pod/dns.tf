# The certificate, its validation, and the records of the host names.

resource "aws_acm_certificate" "this" {
  domain_name               = var.primary_hostname
  subject_alternative_names = sort([for hostname in values(var.hostnames) : hostname if hostname != var.primary_hostname])
  validation_method         = "DNS"
  tags                      = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  validation = { for option in aws_acm_certificate.this.domain_validation_options : option.domain_name => option }

  # By name without its *., the host names that ACM validates by one and the same
  # record: a name and all names below it.
  validated_together = { for name, hostname in var.hostnames : trimprefix(trimprefix(name, "*"), ".") => hostname... }
}

resource "aws_route53_record" "validation" {
  provider = aws.dns
  for_each = local.validated_together

  zone_id = var.zone_id
  name    = local.validation[each.value[0]].resource_record_name
  type    = local.validation[each.value[0]].resource_record_type
  records = [local.validation[each.value[0]].resource_record_value]
  ttl     = 60
  # ACM asks for the same record for a name in every certificate of an account, and
  # looks for it again when it renews one. Services that share names by weight have
  # each its own record, with the same value, so that one may go without the other's.
  set_identifier  = var.set_identifier
  allow_overwrite = true

  dynamic "weighted_routing_policy" {
    for_each = var.set_identifier == null ? [] : [1]

    content {
      weight = weighted_routing_policy.value
    }
  }
}

# In 8.4.0 the record of a * had a key of its own.
moved {
  from = aws_route53_record.validation["*"]
  to   = aws_route53_record.validation[""]
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]

  # A name without CAA records takes those of its parents, which may not let ACM
  # issue; so ours come first.
  depends_on = [aws_route53_record.caa]
}

resource "aws_route53_record" "caa" {
  provider = aws.dns
  # Without address records the names are another service's, and so are these.
  for_each = var.make_records && length(var.certificate_issuers) > 0 ? var.hostnames : {}

  zone_id        = var.zone_id
  name           = each.value
  type           = "CAA"
  ttl            = 300
  records        = [for issuer in var.certificate_issuers : "0 issue \"${issuer}\""]
  set_identifier = var.set_identifier

  dynamic "weighted_routing_policy" {
    for_each = var.set_identifier == null ? [] : [var.weight]

    content {
      weight = weighted_routing_policy.value
    }
  }
}
