# How many instances the service needs. Pure arithmetic, without a provider, so
# that tests check it without a cloud.

locals {
  cpu = var.instance_vcpus * 1024

  # The system keeps part of the memory: the kernel and the firmware take a
  # share, and the agent and the container runtime a fixed amount. How much it is
  # exactly depends on the image, so this is an estimate on the safe side.
  memory = floor(var.instance_memory * 0.93) - 64 - var.daemon_memory

  tasks_by_memory = floor(local.memory / var.task_memory)
  tasks_by_cpu    = floor(local.cpu / var.task_cpu)
  tasks_by_gpu    = var.task_gpus > 0 ? floor(var.instance_gpus / var.task_gpus) : local.tasks_by_cpu

  tasks_per_instance = max(1, min(local.tasks_by_memory, local.tasks_by_cpu, local.tasks_by_gpu))

  # Without any estimate: what can't fit even on an instance without a system.
  fits = (
    var.task_memory + var.daemon_memory <= var.instance_memory &&
    var.task_cpu <= local.cpu &&
    var.task_gpus <= var.instance_gpus
  )

  min_size = coalesce(var.min_size, var.subnet_count)
  max_size = coalesce(
    var.max_size,
    max(local.min_size + 1, ceil(var.task_max_count / local.tasks_per_instance))
  )
}
