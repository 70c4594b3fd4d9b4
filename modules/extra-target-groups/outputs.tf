# Whatever uses the entries waits for these preconditions, so that an invalid entry
# fails the plan before AWS or the provider sees it.
output "entries" {
  description = "The entries with their defaults filled in, by key."
  value       = local.entries

  precondition {
    condition     = length(local.faults) == 0
    error_message = "extra_target_groups is invalid:\n${join("\n", local.faults)}"
  }

  precondition {
    condition     = length(local.reference_faults) == 0
    error_message = "extra_target_groups is invalid:\n${join("\n", local.reference_faults)}"
  }
}

output "faults" {
  description = "What is wrong with the entries, one message per fault."
  value       = tolist(concat(local.faults, local.reference_faults))
}
