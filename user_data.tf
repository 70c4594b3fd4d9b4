# What an instance does on its first boot: make its swap file, join the cluster, and
# keep its journal in files for the CloudWatch agent.

locals {
  ecs_config = merge(
    {
      # Not from the cluster itself: what a launch template depends on is created
      # before it is destroyed, as the template is, and a cluster whose name is there
      # would be no new one. The group waits for the cluster by its id.
      ECS_CLUSTER                                = var.service_name
      ECS_LOGLEVEL                               = var.ecs_log_level
      ECS_CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM = "ec2_instance"
    },
    var.gpu_count > 0 ? { ECS_ENABLE_GPU_SUPPORT = "true" } : {},
    # Without it the tasks of a Spot instance serve until EC2 takes it away.
    var.on_demand_base_capacity == null ? {} : { ECS_ENABLE_SPOT_INSTANCE_DRAINING = "true" },
    # Without it the agent takes no task that names SELinux labels.
    anytrue([for option in coalesce(var.dockerSecurityOptions, []) : startswith(option, "label:")]) ? { ECS_SELINUX_CAPABLE = "true" } : {},
    anytrue([for option in coalesce(var.dockerSecurityOptions, []) : startswith(option, "apparmor:")]) ? { ECS_APPARMOR_CAPABLE = "true" } : {},
  )

  ecs_config_file = {
    path        = "/etc/ecs/ecs.config"
    permissions = "0644"
    content     = join("", [for name, value in local.ecs_config : "${name}=${value}\n"])
  }

  # Amazon Linux 2023 has its logs in the journal only.
  journal_files = [
    for stream, options in { syslog = "", dmesg = "--dmesg" } : {
      path                          = "/etc/systemd/system/journal-${stream}.service"
      permissions                   = "0644"
      content                       = <<-EOT
        [Unit]
        Description=Journal in ${local.host_log_directory}/${stream}.log

        [Service]
        ExecStart=/bin/sh -c 'exec journalctl --boot --lines=all --follow --output=short-iso ${options} >> ${local.host_log_directory}/${stream}.log'
        Restart=always

        [Install]
        WantedBy=multi-user.target
      EOT
    }
  ]
  rotation_file = {
    path        = "/etc/logrotate.d/host-journal"
    permissions = "0644"
    content     = "${local.host_log_directory}/*.log {\n  size 50M\n  rotate 1\n  copytruncate\n  missingok\n}\n"
  }
  journal_commands = [
    "mkdir -p ${local.host_log_directory}",
    "systemctl daemon-reload",
    "systemctl enable --now journal-syslog.service journal-dmesg.service",
  ]

  # With NVIDIA's runtime as the default one, a container that reserves no GPU
  # can read their load.
  gpu_commands = [
    "grep -q -e --default-runtime /etc/sysconfig/docker || sed -i 's/^OPTIONS=\"/&--default-runtime nvidia /' /etc/sysconfig/docker",
    "systemctl restart docker",
  ]

  cloud_config = merge(
    {
      write_files = concat(
        [local.ecs_config_file],
        var.enable_cloudwatch_logs ? concat(local.journal_files, [local.rotation_file]) : [],
        [for file in var.extra_files : { path = file.path, permissions = file.permissions, content = file.content }],
      )
      runcmd = concat(
        var.enable_cloudwatch_logs ? local.journal_commands : [],
        var.gpu_count > 0 ? local.gpu_commands : [],
        compact(var.cloudinit_extra_commands),
      )
    },
    var.users == null ? {} : { users = var.users },
    var.swap ? { swap = { filename = "/swapfile", size = "${local.swap_size}M" } } : {},
  )

  user_data = base64encode("#cloud-config\n${yamlencode(local.cloud_config)}")
}

locals {
  # The size before base64, which makes four characters of three bytes and pads
  # with "=".
  user_data_padding = length(local.user_data) - length(trimsuffix(trimsuffix(local.user_data, "="), "="))
  user_data_bytes   = length(local.user_data) / 4 * 3 - local.user_data_padding
}
