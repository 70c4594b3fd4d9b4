output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

# The subnets are of use once their routes are there.
output "subnet_public_ids" {
  description = "Ids of the subnets that reach the internet gateway."
  value       = [for subnet in aws_subnet.public : subnet.id]
  depends_on  = [aws_route.public, aws_route_table_association.public]
}

output "subnet_private_ids" {
  description = "Ids of the subnets that reach the NAT gateway."
  value       = [for subnet in aws_subnet.private : subnet.id]
  depends_on  = [aws_route.private, aws_route_table_association.private]
}
