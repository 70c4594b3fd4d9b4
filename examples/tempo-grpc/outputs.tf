output "otlp_endpoint" {
  description = "Where applications send their traces."
  value       = module.tempo.extra_target_groups["otlp_grpc"].url
}
