# In the shape that the tests read, which is that of this repository's module.

output "service_arn" {
  value = aws_ecs_service.ecs.id
}

output "service_name" {
  value = aws_ecs_service.ecs.name
}

output "cluster_name" {
  value = aws_ecs_cluster.ecs.name
}

output "load_balancer_arn" {
  value = local.load_balancer_arn
}

output "ssl_listener_arn" {
  value = one(module.pod[*].ssl_listener_arn)
}

output "target_group_arn" {
  value = local.target_group_arn
}

output "extra_target_groups" {
  value = {
    for key, entry in var.extra_target_groups : key => {
      target_group_arn = aws_lb_target_group.extra[key].arn
      listener_arn     = aws_lb_listener.extra[key].arn
      listener_port    = entry.listener_port
      container_port   = entry.container_port
      url              = "https://${module.pod[0].hostname}:${entry.listener_port}"
    }
  }
}

output "dns_hostnames" {
  value = local.is_alb ? module.pod[0].hostnames : module.tcp-pod[0].hostnames
}
