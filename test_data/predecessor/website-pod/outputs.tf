output "target_group_arn" {
  value = aws_alb_target_group.website.arn
}

output "load_balancer_arn" {
  value = aws_alb.website.arn
}

output "certificate_arn" {
  value = aws_acm_certificate_validation.website.certificate_arn
}

output "security_group_id" {
  value = aws_security_group.alb.id
}

output "backend_security_group_id" {
  value = aws_security_group.backend.id
}

output "asg_arn" {
  value = aws_autoscaling_group.website.arn
}

output "instance_role_name" {
  value = module.instance_profile.role_name
}

output "topic_arn" {
  value = one(aws_sns_topic.alarms[*].arn)
}

output "ssl_listener_arn" {
  value = aws_lb_listener.ssl.arn
}

output "hostname" {
  value = var.hostnames[0]
}

output "hostnames" {
  value = var.hostnames
}
