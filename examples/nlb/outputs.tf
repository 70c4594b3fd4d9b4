output "mqtts_url" {
  description = "Where clients connect over TLS."
  value       = module.broker.extra_target_groups["mqtts"].url
}
