output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "load_balancer_arn_suffix" {
  description = "Load balancer as metrics name it: net/name/id."
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

output "target_group_arn" {
  description = "ARN of the target group, known once clients reach the load balancer, and it the tasks. ECS refuses it until a listener forwards to it."
  value       = aws_lb_target_group.this.arn
  depends_on = [
    aws_vpc_security_group_ingress_rule.listener,
    aws_vpc_security_group_egress_rule.tasks,
    aws_vpc_security_group_egress_rule.moved_in,
  ]
}

output "target_group_arn_suffix" {
  description = "Target group as metrics name it: targetgroup/name/id."
  value       = aws_lb_target_group.this.arn_suffix
}
