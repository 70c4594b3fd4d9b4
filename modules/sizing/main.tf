# How many instances the service needs. Pure arithmetic, without a provider, so
# that tests check it without a cloud.

locals {
  # The system keeps part of the memory: the kernel and the firmware take a
  # share, and the agent and the container runtime a fixed amount.
  usable_memory = floor(var.instance_memory * 0.93) - 64
  usable_cpu    = var.instance_vcpus * 1024

  # What is left on each instance beside the daemons.
  free_memory = local.usable_memory - var.daemon_memory
  free_cpu    = local.usable_cpu - var.daemon_cpu

  tasks_by_memory = floor(local.free_memory / var.task_memory)
  tasks_by_cpu    = floor(local.free_cpu / var.task_cpu)
  tasks_by_gpu    = var.task_gpus > 0 ? floor(var.instance_gpus / var.task_gpus) : local.tasks_by_cpu

  tasks_per_instance = max(0, min(local.tasks_by_memory, local.tasks_by_cpu, local.tasks_by_gpu))

  min_size = coalesce(var.min_size, var.subnet_count)
  max_size = coalesce(
    var.max_size,
    max(local.min_size + 1, ceil(var.task_max_count / max(1, local.tasks_per_instance)))
  )
}
