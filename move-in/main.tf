# Writes the file that moves a service of the predecessor, the published module up to
# 8.3.1, into this one: import and removed blocks, made from `terraform show -json`.
# UPGRADING.md says how it is used. It has no resources and needs no provider.

terraform {
  required_version = ">= 1.5"
}

# What is in the state at the module's address.
locals {
  document = try(jsondecode(file(var.state)), null)

  # A configuration can't recurse: these are the modules by their depth.
  depth_0 = [try(local.document.values.root_module, {})]
  depth_1 = flatten([for module in local.depth_0 : try(module.child_modules, [])])
  depth_2 = flatten([for module in local.depth_1 : try(module.child_modules, [])])
  depth_3 = flatten([for module in local.depth_2 : try(module.child_modules, [])])
  depth_4 = flatten([for module in local.depth_3 : try(module.child_modules, [])])
  depth_5 = flatten([for module in local.depth_4 : try(module.child_modules, [])])
  depth_6 = flatten([for module in local.depth_5 : try(module.child_modules, [])])

  modules   = concat(local.depth_0, local.depth_1, local.depth_2, local.depth_3, local.depth_4, local.depth_5, local.depth_6)
  resources = flatten([for module in local.modules : try(module.resources, [])])

  # A key or an index in brackets. An address is that of an instance of the module, and
  # that of the resource in it, which without keys tells what it is.
  index   = "\\[(?:\"(?:[^\"\\\\]|\\\\.)*\"|[0-9]+)\\]"
  callers = join("\\.", [for name in compact(split(".module.", ".${var.module}")) : "module\\.${name}(?:${local.index})?"])
  address = "^(${local.callers})\\.(.+)$"

  mine = [
    for resource in local.resources : {
      instance = regex(local.address, resource.address)[0]
      address  = resource.address
      kind     = replace(regex(local.address, resource.address)[1], "/${local.index}/", "")
      type     = resource.type
      key      = try(tostring(resource.index), "")
      values   = resource.values
    } if resource.mode == "managed" && can(regex(local.address, resource.address))
  ]
  instances = distinct(local.mine[*].instance)
  kinds     = { for instance in local.instances : instance => [for resource in local.mine : resource.kind if resource.instance == instance] }
}

# What becomes of it.
locals {
  # By the zone's id; whatever in the state knows the zone says it.
  zone_names = {
    for resource in local.resources : resource.values.zone_id => trimsuffix(resource.values.name, ".")...
    if resource.type == "aws_route53_zone" && try(length(resource.values.name), 0) > 0
  }

  # In dns_names host names stand without the zone's name.
  hostnames = {
    for resource in local.mine : resource.address => {
      name = lower(replace(endswith(resource.kind, ".cert_validation") ? resource.key : resource.values.name, "\\052", "*"))
      zone = lower(try(coalesce(var.zone_name, try(local.zone_names[resource.values.zone_id][0], null)), ""))
    } if resource.type == "aws_route53_record"
  }
  labels = {
    for address, host in local.hostnames : address => host.name == host.zone ? "" : trimsuffix(host.name, ".${host.zone}")
    if host.zone != "" && (host.name == host.zone || endswith(host.name, ".${host.zone}"))
  }

  candidates = [
    for resource in local.mine : merge(resource, {
      row = local.table[resource.kind]
      key = {
        key     = resource.key
        label   = try(local.labels[resource.address], "")
        domain  = trimprefix(trimprefix(try(local.labels[resource.address], ""), "*"), ".")
        email   = try(resource.values.endpoint, "")
        policy  = try(local.instance_policies[basename(resource.values.policy_arn)], "")
        ingress = var.ingress_cidr_block
      }[try(local.table[resource.kind].key, "key")]
      id = {
        id     = try(resource.values.id, "")
        name   = try(resource.values.name, "")
        in_ecs = try("${basename(resource.values.cluster)}/${resource.values.name}", "")
        target = try("ecs/${resource.values.resource_id}/${resource.values.scalable_dimension}", "")
        policy = try("ecs/${resource.values.resource_id}/${resource.values.scalable_dimension}/${resource.values.name}", "")
        role   = try("${resource.values.role}/${resource.values.policy_arn}", "")
      }[try(local.table[resource.kind].id, "id")]
    }) if contains(keys(local.table), resource.kind)
  ]

  # An attachment of a policy that this module does not attach goes.
  moves = [
    for move in local.candidates : {
      kind = move.kind
      to   = "${move.instance}.${replace(move.row.to, "KEY", jsonencode(move.key))}"
      id   = move.id
    } if try(move.row.key, "") != "policy" || move.key != ""
  ]

  # Two host names may share a record.
  imports = { for move in local.moves : move.to => move.id... }
  removed = distinct(local.moves[*].kind)

  # Which listener the predecessor had at which key: those stay at their addresses.
  listeners = {
    for instance in local.instances : instance => {
      for resource in local.mine : tostring(resource.values.port) => resource.key
      if resource.instance == instance && resource.kind == "aws_lb_listener.extra"
    }
  }
}
