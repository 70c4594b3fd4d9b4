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

output "free_cpu" {
  description = "CPU units of an instance that are left for tasks."
  value       = local.free_cpu
}

output "free_memory" {
  description = "Memory in MiB of an instance that is left for tasks."
  value       = local.free_memory
}
