# The rules that tflint itself brings; no plugin is downloaded.

config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

# main.tf, variables.tf and outputs.tf are split by subject where they would
# grow too long to find anything in.
rule "terraform_standard_module_structure" {
  enabled = false
}

# One input keeps the name that callers know.
rule "terraform_naming_convention" {
  enabled = true

  variable {
    custom = "^([a-z][a-z0-9]*(_[a-z0-9]+)*|dockerSecurityOptions)$"
  }
}
