output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "load_balancer_arn_suffix" {
  description = "Load balancer as metrics name it: app/name/id."
  value       = aws_lb.this.arn_suffix
}

output "load_balancer_dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "load_balancer_zone_id" {
  description = "Id of the zone that this DNS name is in."
  value       = aws_lb.this.zone_id
}

output "security_group_id" {
  description = "Id of the load balancer's security group."
  value       = aws_security_group.this.id
}

output "ssl_listener_arn" {
  description = "ARN of the HTTPS listener."
  value       = aws_lb_listener.ssl.arn
}

output "target_group_arn" {
  description = "ARN of the target group, known once a listener rule forwards to it: before, ECS would refuse it."
  value       = aws_lb_target_group.this.arn
  depends_on = [
    aws_lb_listener_rule.hosts,
    aws_lb_listener.redirect,
    aws_vpc_security_group_ingress_rule.http,
    aws_vpc_security_group_ingress_rule.https,
    aws_vpc_security_group_egress_rule.tasks,
    aws_vpc_security_group_egress_rule.moved_in,
  ]
}

output "target_group_arn_suffix" {
  description = "Target group as metrics name it: targetgroup/name/id."
  value       = aws_lb_target_group.this.arn_suffix
}

output "certificate_arn" {
  description = "ARN of the certificate, known once it is issued."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "access_log_bucket_name" {
  description = "Name of the access log bucket."
  value       = module.access_log_bucket.bucket_name
}

output "versioned_access_log_bucket_name" {
  description = "Name of the access log bucket, known once its versioning is on."
  value       = module.access_log_bucket.versioned_bucket_name
}

output "access_log_bucket_arn" {
  description = "ARN of the access log bucket."
  value       = module.access_log_bucket.bucket_arn
}
