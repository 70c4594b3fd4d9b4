output "asg_arn" {
  description = "ARN of the Auto Scaling group."
  value       = aws_autoscaling_group.this.arn
}

output "asg_name" {
  description = "Name of the Auto Scaling group."
  value       = aws_autoscaling_group.this.name
}

output "security_group_id" {
  description = "Id of the instances' security group."
  value       = aws_security_group.backend.id
}

output "security_group_rules" {
  description = "Ids of the rules of the instances' security group, by what they are for."
  value = merge(
    {
      tasks       = aws_vpc_security_group_ingress_rule.backend_tasks.security_group_rule_id
      egress_ipv4 = aws_vpc_security_group_egress_rule.backend_ipv4.security_group_rule_id
      egress_ipv6 = aws_vpc_security_group_egress_rule.backend_ipv6.security_group_rule_id
    },
    { for key, rule in aws_vpc_security_group_ingress_rule.backend_ssh : key => rule.security_group_rule_id }
  )
}
