output "bucket_name" {
  description = "Name of the replica, known once the bucket is there."
  value       = local.bucket_name
  depends_on  = [aws_cloudformation_stack_instances.this]
}
