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

  # A host port that is fixed serves one task.
  tasks_per_instance = var.fixed_host_ports ? 1 : max(1, min(local.tasks_by_memory, local.tasks_by_cpu, local.tasks_by_gpu))

  # A deployment that may not stop a task first needs room for the next one, which
  # fixed host ports keep off the instances in use.
  stoppable_tasks      = var.task_count - ceil(var.task_count * var.minimum_healthy_percent / 100)
  instances_to_deploy  = var.task_count + (local.stoppable_tasks > 0 ? 0 : 1)
  room_for_deployments = !var.fixed_host_ports || local.max_size >= local.instances_to_deploy

  # Without any estimate: what can't fit even on an instance without a system.
  fits = (
    var.task_memory + var.daemon_memory <= var.instance_memory &&
    var.task_cpu <= local.cpu &&
    var.task_gpus <= var.instance_gpus
  )

  min_size = coalesce(var.min_size, var.subnet_count)
  max_size = coalesce(
    var.max_size,
    max(local.min_size + 1, ceil(var.task_max_count / local.tasks_per_instance) + (var.fixed_host_ports ? 1 : 0))
  )
}
