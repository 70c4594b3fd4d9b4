module "tempo" {
  source = "../../" # in a copy: the source and version of ../README.md
  providers = {
    aws     = aws
    aws.dns = aws # the provider of zone_id's account, if that is another one
  }

  service_name          = "tempo"
  docker_image          = "grafana/tempo:2.6.1"
  container_port        = 3200 # queries, on https://tempo.example.com
  container_memory      = 512
  asg_instance_type     = "t3.small"
  load_balancer_subnets = var.public_subnet_ids
  asg_subnets           = var.private_subnet_ids
  zone_id               = var.zone_id
  dns_names             = ["tempo"]
  alarm_emails          = ["ops@example.com"]

  # Only the load balancer asks whether it is ready: the default command asks port 80.
  healthcheck_path                          = "/ready"
  container_healthcheck_command             = null
  service_health_check_grace_period_seconds = 120

  extra_target_groups = {
    otlp_grpc = { # traces, on port 4317 of the same name
      listener_port    = 4317
      container_port   = 4317
      protocol_version = "GRPC"
    }
  }

  # cloud-init writes Tempo's configuration to the instances, and the container mounts it.
  container_command  = ["-config.file=/etc/tempo/tempo.yaml"]
  task_local_volumes = { config = { host_path = "/etc/tempo", container_path = "/etc/tempo" } }
  extra_files = [
    {
      path        = "/etc/tempo/tempo.yaml"
      permissions = "0644"
      content = yamlencode({
        server      = { http_listen_port = 3200 }
        distributor = { receivers = { otlp = { protocols = { grpc = { endpoint = "0.0.0.0:4317" } } } } }
        storage = {
          trace = {
            backend = "local"
            local   = { path = "/tmp/tempo/blocks" }
            wal     = { path = "/tmp/tempo/wal" }
          }
        }
      })
    }
  ]
}
