output "hostnames" {
  description = "Full host names that have an address record."
  value       = sort([for record in aws_route53_record.this : record.name])
}
