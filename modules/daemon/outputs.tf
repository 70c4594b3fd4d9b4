output "service_name" {
  description = "Name of the daemon's service."
  value       = aws_ecs_service.this.name
}

output "task_definition_arn" {
  description = "ARN of the daemon's task definition, with its revision."
  value       = aws_ecs_task_definition.this.arn
}
