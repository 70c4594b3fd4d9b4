output "bucket_name" {
  description = "Name of the bucket, known once load balancers may write to it."
  value       = aws_s3_bucket.this.id
  depends_on  = [aws_s3_bucket_policy.this]
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "versioned_bucket_name" {
  description = "Name of the bucket, known once its versioning is on."
  value       = aws_s3_bucket.this.id
  depends_on  = [aws_s3_bucket_versioning.this]
}
