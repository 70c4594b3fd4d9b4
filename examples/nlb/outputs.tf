output "tls_url" {
  description = "Where clients connect over TLS."
  value       = module.site.extra_target_groups["tls"].url
}
