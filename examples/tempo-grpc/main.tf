# Grafana Tempo: queries over HTTPS, and traces over gRPC on a port of its own.

module "tempo" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws.dns
  }

  service_name          = "tempo"
  docker_image          = "grafana/tempo:2.6.1"
  container_port        = 3200
  container_command     = ["-config.file=/etc/tempo/tempo.yaml"]
  container_memory      = 512
  asg_instance_type     = "t3.small"
  load_balancer_subnets = var.public_subnet_ids
  asg_subnets           = var.private_subnet_ids
  zone_id               = var.zone_id
  dns_names             = ["tempo"]
  alarm_emails          = ["ops@example.com"]

  # Only the load balancer asks whether it is ready.
  container_healthcheck_command             = null
  healthcheck_path                          = "/ready"
  service_health_check_grace_period_seconds = 120

  extra_files = [
    {
      path        = "/etc/tempo/tempo.yaml"
      permissions = "0644"
      content     = file("${path.module}/tempo.yaml")
    }
  ]
  task_local_volumes = {
    config = {
      host_path      = "/etc/tempo"
      container_path = "/etc/tempo"
    }
  }

  extra_target_groups = {
    otlp_grpc = {
      listener_port    = 4317
      container_port   = 4317
      protocol_version = "GRPC"
      # Only applications in the VPC may send traces.
      ingress_cidr_blocks = ["10.0.0.0/8"]
    }
  }
}
