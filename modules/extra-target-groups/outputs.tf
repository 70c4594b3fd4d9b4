# Whatever uses the entries waits for these preconditions, so an invalid entry fails
# the plan before the provider or AWS sees it. Terraform wraps lines that are not
# indented.
output "entries" {
  description = "The entries with their defaults filled in, by key."
  value       = local.entries

  precondition {
    condition     = length(local.faults) == 0
    error_message = "extra_target_groups is invalid:\n  ${join("\n  ", local.faults)}"
  }

  precondition {
    condition     = length(local.reference_faults) == 0
    error_message = "extra_target_groups is invalid:\n  ${join("\n  ", local.reference_faults)}"
  }
}

output "primary_stickiness" {
  description = "The stickiness of the primary target group, with its defaults filled in."
  value       = local.stickiness[local.at_primary]

  precondition {
    condition     = length(local.primary_stickiness_faults) == 0
    error_message = "stickiness is invalid:\n  ${join("\n  ", local.primary_stickiness_faults)}"
  }
}

output "faults" {
  description = "What is wrong with the entries, and the primary stickiness, one message per fault."
  value       = tolist(concat(local.faults, local.reference_faults, local.primary_stickiness_faults))
}
