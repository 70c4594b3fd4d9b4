locals {
  # What makes a service, and which of them is missing.
  needed = concat(
    ["aws_ecs_cluster.ecs", "aws_ecs_capacity_provider.ecs", "aws_ecs_service.ecs"],
    anytrue([for kind in local.mine[*].kind : startswith(kind, "module.tcp-pod.")]) ? concat(keys(local.nlb), [
      "module.tcp-pod.aws_autoscaling_group.tcp",
      ]) : [
      "module.pod.aws_alb.website", "module.pod.aws_alb_target_group.website", "module.pod.aws_alb_listener.redirect_to_ssl",
      "module.pod.aws_lb_listener.ssl", "module.pod.aws_alb_listener_rule.website", "module.pod.aws_acm_certificate.website",
      "module.pod.aws_security_group.alb", "module.pod.aws_autoscaling_group.website",
    ],
  )
  missing = flatten([for instance, kinds in local.kinds : [for kind in local.needed : "${instance}.${kind}" if !contains(kinds, kind)]])

  # Objects of weight whose like the table does not have.
  weight = "^aws_(${join("|", [
    "ecs_(cluster|service|capacity_provider)", "autoscaling_group", "security_group", "a?lb(_listener|_target_group)?", "acm_certificate",
    "route53_record", "cloudwatch_log_group", "s3_bucket", "sns_topic(_subscription)?",
  ])})$"
  in_place = ["aws_lb_target_group.extra", "aws_lb_listener.extra", "aws_cloudwatch_log_group.container_insights"]
  unknown = [
    for resource in local.mine : resource.address
    if can(regex(local.weight, resource.type)) && !contains(concat(keys(local.table), local.in_place), resource.kind) &&
    !contains(var.give_up, resource.address)
  ]

  others = distinct([
    for resource in local.resources : trimsuffix(resource.address, ".aws_ecs_service.ecs") if endswith(resource.address, ".aws_ecs_service.ecs")
  ])
  moved = [for resource in local.mine : resource.instance if resource.kind == "aws_ecs_cluster.this"]
  zones = distinct([for address, host in local.hostnames : host.name if !contains(keys(local.labels), address)])
}

output "file" {
  description = "The content of the file to put beside the configuration: `terraform output -raw file`."

  value = replace(replace(join("\n", concat(
    [
      "# Moves ${var.module} from the predecessor into this module, as its UPGRADING.md says.",
      "# Delete this file after the apply.",
    ],
    [
      for instance, listeners in local.listeners :
      "\nimport {\n  to = ${instance}.terraform_data.origin\n  id = ${jsonencode(jsonencode(listeners))}\n}"
    ],
    [for to, ids in local.imports : "\nimport {\n  to = ${to}\n  id = ${jsonencode(ids[0])}\n}"],
    [for kind in local.removed : "\nremoved {\n  from = ${var.module}.${kind}\n\n  lifecycle {\n    destroy = false\n  }\n}"],
    [""],
  )), "$${", "$$${"), "%%{", "%%%{")

  precondition {
    condition     = can(local.document.values.root_module)
    error_message = "${var.state} must hold a state, as `terraform show -json` prints it. Run that where the configuration is, with a path that exists."
  }

  precondition {
    condition     = length(local.moved) == 0
    error_message = "${join(", ", local.moved)} is of this module already: there is nothing to move."
  }

  precondition {
    condition = !can(local.document.values.root_module) || length(local.mine) > 0
    error_message = join(" ", [
      "The state has nothing at ${var.module}.",
      "Services of the predecessor are at: ${length(local.others) > 0 ? join(", ", local.others) : "no address at all"}.",
    ])
  }

  precondition {
    condition     = length(local.moved) > 0 || length(local.missing) == 0
    error_message = "This is not a service of the predecessor, or a part of one. Missing: ${join(", ", local.missing)}."
  }

  precondition {
    condition = length(local.unknown) == 0
    error_message = join(" ", [
      "The table does not know what becomes of: ${join(", ", local.unknown)}.",
      "The plan would destroy it. If it may, list it in the variable give_up.",
    ])
  }

  precondition {
    condition     = length(local.zones) == 0
    error_message = "Set zone_name to the name of the zone of zone_id: the state does not tell which zone has ${join(", ", local.zones)}."
  }
}
