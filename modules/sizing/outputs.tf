output "min_size" {
  description = "Lowest number of instances."
  value       = local.min_size
}

output "max_size" {
  description = "Highest number of instances."
  value       = local.max_size
}

output "tasks_per_instance" {
  description = "Number of tasks that fit on one instance; 0 when not even one does."
  value       = local.tasks_per_instance
}
