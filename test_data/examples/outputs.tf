output "zone_name" {
  description = "Name of the zone, which stands for example.com."
  value       = data.aws_route53_zone.this.name
}

output "certificate_arn" {
  description = "ARN of the certificate, once it is issued."
  value       = aws_acm_certificate_validation.nlb.certificate_arn
}
