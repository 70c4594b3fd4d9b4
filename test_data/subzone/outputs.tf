# A zone is of use once its parent delegates to it.
output "zone_id" {
  description = "Id of the zone."
  value       = aws_route53_zone.this.zone_id
  depends_on  = [aws_route53_record.delegation]
}

output "zone_name" {
  description = "Name of the zone."
  value       = aws_route53_zone.this.name
  depends_on  = [aws_route53_record.delegation]
}
