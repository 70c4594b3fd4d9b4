output "min_size" {
  description = "Lowest number of instances."
  value       = local.min_size
}

output "max_size" {
  description = "Highest number of instances."
  value       = local.max_size
}

output "tasks_per_instance" {
  description = "Number of tasks that an instance takes, at least 1."
  value       = local.tasks_per_instance
}

output "fits" {
  description = "Whether a task can fit on an instance at all."
  value       = local.fits
}

output "instances_to_deploy" {
  description = "Number of instances that a deployment of tasks with fixed host ports needs."
  value       = local.instances_to_deploy
}

output "room_for_deployments" {
  description = "Whether a deployment can start a task before it stops one."
  value       = local.room_for_deployments
}
