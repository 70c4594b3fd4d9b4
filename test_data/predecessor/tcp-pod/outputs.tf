output "target_group_arn" {
  value = aws_lb_target_group.tcp.arn
}

output "load_balancer_arn" {
  value = aws_lb.tcp.arn
}

output "security_group_id" {
  value = aws_security_group.nlb.id
}

output "backend_security_group_id" {
  value = aws_security_group.backend.id
}

output "asg_arn" {
  value = aws_autoscaling_group.tcp.arn
}

output "instance_role_name" {
  value = module.instance_profile.role_name
}

output "hostnames" {
  value = var.hostnames
}
