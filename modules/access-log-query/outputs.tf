output "database_name" {
  description = "Name of the Glue database."
  value       = aws_glue_catalog_database.this.name
}

output "table_name" {
  description = "Name of the Glue table."
  value       = aws_glue_catalog_table.this.name
}

output "workgroup_name" {
  description = "Name of the Athena workgroup."
  value       = aws_athena_workgroup.this.name
}

output "results_bucket_name" {
  description = "Name of the bucket with the results of queries."
  value       = aws_s3_bucket.results.id
}
