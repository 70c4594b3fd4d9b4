package elbv2

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Attribute is a key and a value on the wire; the value of one that is not set
// is there and empty.
type Attribute struct {
	Key   string
	Value *string
}

// attribute is one that a kind of resource has.
type attribute struct {
	key      string
	fallback string
	// check says what is wrong with a value, or nothing.
	check func(value string) string
}

// Attributes that other parts of the program read; the data plane has its own.
const (
	attributeCrossZone          = "load_balancing.cross_zone.enabled"
	attributeDeletionProtection = "deletion_protection.enabled"
	attributeLogsEnabled        = "access_logs.s3.enabled"
	attributeLogsBucket         = "access_logs.s3.bucket"
	attributeLogsPrefix         = "access_logs.s3.prefix"
	attributeDelay              = "deregistration_delay.timeout_seconds"
	attributeAlgorithm          = "load_balancing.algorithm.type"
	attributeSlowStart          = "slow_start.duration_seconds"

	useLoadBalancers = "use_load_balancer_configuration"
	yes, no          = "true", "false"
)

func anything(string) string { return "" }

func boolean(value string) string { return oneOf(yes, no)(value) }

// only refuses every value but one: what localaws can't do stays switched off.
func only(value string) func(string) string {
	return func(given string) string {
		if given != value {
			return fmt.Sprintf("localaws supports only '%s'", value)
		}
		return ""
	}
}

func oneOf(values ...string) func(string) string {
	return func(value string) string {
		if !slices.Contains(values, value) {
			return "must be one of: " + strings.Join(values, ", ")
		}
		return ""
	}
}

func within(low, high int) func(string) string {
	return func(value string) string {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return fmt.Sprintf("must be a number from %d to %d", low, high)
		}
		return ""
	}
}

// slowStart is 0, for off, or 30 to 900 seconds.
func slowStart(value string) string {
	if value == "0" {
		return ""
	}
	if within(30, 900)(value) != "" {
		return "must be 0 or a number from 30 to 900"
	}
	return ""
}

// stickinessType is any there is; which one fits is checked with the group.
func stickinessType(value string) string { return oneOf("lb_cookie", "app_cookie", "source_ip")(value) }

var reservedCookie = regexp.MustCompile(`^AWSALB(APP|TG)?`)

func cookieName(value string) string {
	if reservedCookie.MatchString(value) {
		return "must not begin with AWSALB, AWSALBAPP or AWSALBTG"
	}
	return ""
}

// loadBalancerAttributes are those that a load balancer has, see
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html.
func loadBalancerAttributes(lb LoadBalancer) []attribute {
	all := []attribute{
		{attributeLogsEnabled, no, boolean},
		{attributeLogsBucket, "", anything},
		{attributeLogsPrefix, "", anything},
		{attributeDeletionProtection, no, boolean},
		{"ipv6.deny_all_igw_traffic", strconv.FormatBool(lb.Scheme == internal), boolean},
		{"zonal_shift.config.enabled", no, boolean},
	}
	if lb.Type == Network {
		return append(all,
			attribute{attributeCrossZone, no, boolean},
			attribute{"dns_record.client_routing_policy", "any_availability_zone",
				oneOf("any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity")},
			attribute{"secondary_ips.auto_assigned.per_subnet", "0", only("0")},
		)
	}
	return append(all, applicationAttributes()...)
}

func applicationAttributes() []attribute {
	return []attribute{
		{attributeCrossZone, yes, only(yes)},
		{"idle_timeout.timeout_seconds", "60", within(1, 4000)},
		{"client_keep_alive.seconds", "3600", within(60, 604800)},
		{"routing.http2.enabled", yes, boolean},
		{"routing.http.drop_invalid_header_fields.enabled", no, boolean},
		{"routing.http.xff_client_port.enabled", no, boolean},
		{"routing.http.preserve_host_header.enabled", no, boolean},
		{"routing.http.xff_header_processing.mode", "append", oneOf("append", "preserve", "remove")},
		{"routing.http.desync_mitigation_mode", "defensive", oneOf("monitor", "defensive", "strictest")},
		{"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", no, boolean},
		{"waf.fail_open.enabled", no, boolean},
		{"connection_logs.s3.enabled", no, only(no)},
		{"connection_logs.s3.bucket", "", anything},
		{"connection_logs.s3.prefix", "", anything},
		{"health_check_logs.s3.enabled", no, only(no)},
		{"health_check_logs.s3.bucket", "", anything},
		{"health_check_logs.s3.prefix", "", anything},
	}
}

// targetGroupAttributes are those that a target group has, see
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html.
func targetGroupAttributes(g TargetGroup) []attribute {
	all := []attribute{
		{attributeDelay, "300", within(0, 3600)},
		{"stickiness.enabled", no, boolean},
		{attributeCrossZone, useLoadBalancers, oneOf(yes, no, useLoadBalancers)},
		{"target_group_health.dns_failover.minimum_healthy_targets.count", "1", only("1")},
		{"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", only("off")},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", only("1")},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", only("off")},
	}
	if g.Protocol != "HTTP" && g.Protocol != "HTTPS" {
		return append(all, streamAttributes(g)...)
	}
	return append(all,
		attribute{"stickiness.type", "lb_cookie", stickinessType},
		attribute{"stickiness.lb_cookie.duration_seconds", "86400", within(1, 604800)},
		attribute{"stickiness.app_cookie.cookie_name", "", cookieName},
		attribute{"stickiness.app_cookie.duration_seconds", "86400", within(1, 604800)},
		attribute{attributeSlowStart, "0", slowStart},
		attribute{attributeAlgorithm, "round_robin", oneOf("round_robin", "least_outstanding_requests", "weighted_random")},
		attribute{"load_balancing.algorithm.anomaly_mitigation", "off", only("off")},
	)
}

// streamAttributes are those of a Network Load Balancer's groups only.
func streamAttributes(g TargetGroup) []attribute {
	datagrams := strconv.FormatBool(g.Protocol == "UDP" || g.Protocol == "TCP_UDP")
	preserve := strconv.FormatBool(g.TargetType != "ip" || datagrams == yes)
	return []attribute{
		{"stickiness.type", "source_ip", stickinessType},
		{"deregistration_delay.connection_termination.enabled", datagrams, boolean},
		{"preserve_client_ip.enabled", preserve, boolean},
		{"proxy_protocol_v2.enabled", no, boolean},
		{"target_health_state.unhealthy.connection_termination.enabled", yes, boolean},
		{"target_health_state.unhealthy.draining_interval_seconds", "0", within(0, 360000)},
	}
}

// listenerAttributes are those that a listener has, see
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html.
func listenerAttributes(l Listener) []attribute {
	switch l.Protocol {
	case "TCP", "TCP_UDP":
		return []attribute{{"tcp.idle_timeout.seconds", "350", within(60, 6000)}}
	case "TLS", "UDP":
		return nil
	}
	all := []attribute{{"routing.http.response.server.enabled", yes, boolean}}
	for _, header := range []string{
		"strict_transport_security", "access_control_allow_origin", "access_control_allow_methods",
		"access_control_allow_headers", "access_control_allow_credentials", "access_control_expose_headers",
		"access_control_max_age", "content_security_policy", "x_content_type_options", "x_frame_options",
	} {
		all = append(all, attribute{"routing.http.response." + header + ".header_value", "", anything})
	}
	if l.Protocol == "HTTP" {
		return all
	}
	for key, name := range map[string]string{
		"x_amzn_mtls_clientcert_serial_number": "X-Amzn-Mtls-Clientcert-Serial-Number",
		"x_amzn_mtls_clientcert_issuer":        "X-Amzn-Mtls-Clientcert-Issuer",
		"x_amzn_mtls_clientcert_subject":       "X-Amzn-Mtls-Clientcert-Subject",
		"x_amzn_mtls_clientcert_validity":      "X-Amzn-Mtls-Clientcert-Validity",
		"x_amzn_mtls_clientcert_leaf":          "X-Amzn-Mtls-Clientcert-Leaf",
		"x_amzn_mtls_clientcert":               "X-Amzn-Mtls-Clientcert",
		"x_amzn_tls_version":                   "X-Amzn-Tls-Version",
		"x_amzn_tls_cipher_suite":              "X-Amzn-Tls-Cipher-Suite",
	} {
		all = append(all, attribute{"routing.http.request." + key + ".header_name", name, anything})
	}
	return all
}

// attributeValue is the value that was set, or the default.
func attributeValue(known []attribute, set map[string]string, key string) string {
	if value, ok := set[key]; ok {
		return value
	}
	for _, a := range known {
		if a.key == key {
			return a.fallback
		}
	}
	return ""
}

// listAttributes are all known attributes with their values, sorted by key.
func listAttributes(known []attribute, set map[string]string) []Attribute {
	list := make([]Attribute, 0, len(known))
	for _, a := range known {
		value := attributeValue(known, set, a.key)
		list = append(list, Attribute{Key: a.key, Value: &value})
	}
	slices.SortFunc(list, func(a, b Attribute) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// changeAttributes returns a changed copy of what is set. what is such as
// "Load balancer"; an error names the attribute and the value.
func changeAttributes(what string, known []attribute, set map[string]string, changes []Attribute) (map[string]string, error) {
	changed := maps.Clone(set)
	if changed == nil {
		changed = map[string]string{}
	}
	for _, change := range changes {
		i := slices.IndexFunc(known, func(a attribute) bool { return a.key == change.Key })
		if i < 0 {
			// The provider goes on without an attribute when it reads these words.
			return nil, invalid("%s attribute key '%s' is not recognized", what, change.Key)
		}
		value := ""
		if change.Value != nil {
			value = *change.Value
		}
		if wrong := known[i].check(value); wrong != "" {
			return nil, invalid("%s attribute '%s' has the value '%s', which %s", what, change.Key, value, wrong)
		}
		changed[change.Key] = value
	}
	return changed, nil
}
