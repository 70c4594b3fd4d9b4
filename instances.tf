# The instances that run the tasks, and how many of them.

locals {
  # An arm64 image only for types that run nothing else.
  architecture = contains(data.aws_ec2_instance_type.this.supported_architectures, "x86_64") ? "x86_64" : "arm64"
  ami_variant  = var.gpu_count > 0 ? "gpu/" : local.architecture == "arm64" ? "arm64/" : ""
  ami_id       = coalesce(var.ami_id, data.aws_ssm_parameter.ami.insecure_value)

  # The root volume can't be smaller than the image's snapshot.
  ami_volume_size = try(one([
    for device in data.aws_ami.this.block_device_mappings : tonumber(device.ebs.volume_size)
    if device.device_name == data.aws_ami.this.root_device_name
  ]), null)

  instance_gpus = sum(concat([0], [for gpu in data.aws_ec2_instance_type.this.gpus : gpu.count if gpu.manufacturer == "NVIDIA"]))

  # What the scheduler sets aside for a task, and for what runs on every instance.
  task_memory   = coalesce(var.container_memory_reservation, var.container_memory)
  daemon_memory = length(local.daemon_names) * local.daemon_memory_reservation

  # In MiB.
  swap_size        = var.swap ? 2 * data.aws_ec2_instance_type.this.memory_size : 0
  root_volume_size = var.root_volume_size + ceil(local.swap_size / 1024)
}

module "sizing" {
  source = "./modules/sizing"

  min_size        = var.asg_min_size
  max_size        = var.asg_max_size
  subnet_count    = length(var.asg_subnets)
  instance_vcpus  = data.aws_ec2_instance_type.this.default_vcpus
  instance_memory = data.aws_ec2_instance_type.this.memory_size
  task_max_count  = var.task_max_count
  task_cpu        = var.container_cpu
  task_memory     = local.task_memory
  instance_gpus   = local.instance_gpus
  task_gpus       = var.gpu_count
  daemon_memory   = local.daemon_memory

  fixed_host_ports        = anytrue([for entry in local.extra_target_groups : entry.host_port != null])
  task_count              = max(var.task_min_count, var.task_desired_count)
  minimum_healthy_percent = var.deployment_minimum_healthy_percent
}

module "instances" {
  source = "./modules/instances"

  service_name                    = var.service_name
  cluster_id                      = aws_ecs_cluster.this.id
  vpc_id                          = local.vpc_id
  subnets                         = var.asg_subnets
  instance_type                   = var.asg_instance_type
  ami_id                          = local.ami_id
  root_device_name                = data.aws_ami.this.root_device_name
  root_volume_size                = local.root_volume_size
  user_data                       = local.user_data
  min_size                        = module.sizing.min_size
  max_size                        = module.sizing.max_size
  health_check_grace_period       = var.asg_health_check_grace_period
  protect_from_scale_in           = var.managed_termination_protection
  max_instance_lifetime           = var.max_instance_lifetime
  on_demand_base_capacity         = var.on_demand_base_capacity
  capacity_reservation_id         = var.gpu_capacity_reservation_id
  ssh_key_name                    = var.ssh_key_name
  ssh_cidr_block                  = var.ssh_cidr_block
  extra_permissions               = var.extra_instance_profile_permissions
  load_balancer_security_group_id = local.load_balancer_security_group_id
  tags                            = local.tags
  name_tag                        = local.name_tag.backend
  instance_tags                   = merge(local.default_tags, local.tags, local.name_tag.instance)
}

locals {
  backend_security_group_rules = merge(
    module.instances.security_group_rules,
    { for key, rule in aws_vpc_security_group_ingress_rule.extra_backend : key => rule.security_group_rule_id },
  )
}
