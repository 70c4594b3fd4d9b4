# What an instance does on its first boot: join the cluster.

locals {
  ecs_config = {
    # The cluster's name comes from the cluster itself, so that it is there
    # before the first agent calls, and until the last instance is gone.
    ECS_CLUSTER                                = aws_ecs_cluster.this.name
    ECS_LOGLEVEL                               = var.ecs_log_level
    ECS_CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM = "ec2_instance"
  }

  cloud_config = {
    write_files = concat(
      [
        {
          path        = "/etc/ecs/ecs.config"
          permissions = "0644"
          content     = join("", [for name, value in local.ecs_config : "${name}=${value}\n"])
        }
      ],
      [
        for file in var.extra_files : {
          path        = file.path
          permissions = file.permissions
          content     = file.content
        }
      ]
    )
    runcmd = var.cloudinit_extra_commands
  }

  user_data = base64encode("#cloud-config\n${yamlencode(local.cloud_config)}")
}
