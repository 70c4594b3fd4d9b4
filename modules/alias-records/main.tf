# Address records that lead host names to a load balancer.

resource "aws_route53_record" "this" {
  for_each = var.hostnames

  zone_id        = var.zone_id
  name           = each.value
  type           = "A"
  set_identifier = var.set_identifier

  alias {
    name                   = var.load_balancer_dns_name
    zone_id                = var.load_balancer_zone_id
    evaluate_target_health = true
  }

  dynamic "weighted_routing_policy" {
    for_each = var.set_identifier == null ? [] : [var.weight]

    content {
      weight = weighted_routing_policy.value
    }
  }
}
