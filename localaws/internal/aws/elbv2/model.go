package elbv2

import (
	"net/netip"
	"strings"
	"time"
)

// The records below are values: an operation that changes one puts a changed
// copy in its place and never writes to the slices and maps of the old one. So
// a record that was handed out stays as it was, also outside the lock.

// Types and schemes of load balancers.
const (
	Application    = "application"
	Network        = "network"
	internetFacing = "internet-facing"
	internal       = "internal"
)

// States of a load balancer.
const (
	StateProvisioning = "provisioning"
	StateActive       = "active"
)

// LoadBalancer is an Application or a Network Load Balancer.
type LoadBalancer struct {
	ARN            string
	Name           string
	Type           string // Application or Network
	Scheme         string // "internet-facing" or "internal"
	VPCID          string
	IPAddressType  string
	DNSName        string
	CreatedTime    time.Time
	State          string
	ActiveAt       time.Time // when provisioning is over
	SecurityGroups []string
	// PrivateLinkRules is "on" or "off" for a Network Load Balancer with
	// security groups, and empty otherwise.
	PrivateLinkRules string
	Nodes            []Node            // one an Availability Zone, in the order of the zones
	Attributes       map[string]string // those that were set; see Attribute
}

// Node is a load balancer's part in one Availability Zone.
type Node struct {
	SubnetID         string
	AvailabilityZone string
	InterfaceID      string
	Address          netip.Addr // on this machine
}

// Suffix is how metrics and interface descriptions name the load balancer:
// app/NAME/ID or net/NAME/ID.
func (lb LoadBalancer) Suffix() string {
	_, suffix, _ := strings.Cut(lb.ARN, ":loadbalancer/")
	return suffix
}

// InternetFacing reports whether hosts on the internet can reach it.
func (lb LoadBalancer) InternetFacing() bool { return lb.Scheme == internetFacing }

// Attribute is an attribute's value, or its default.
func (lb LoadBalancer) Attribute(key string) string {
	return attributeValue(loadBalancerAttributes(lb), lb.Attributes, key)
}

// Listener accepts connections on one port of a load balancer.
type Listener struct {
	ARN             string
	LoadBalancerARN string
	Port            int32
	Protocol        string // HTTP, HTTPS, TCP, TLS, UDP or TCP_UDP
	SSLPolicy       string
	ALPN            string
	// Certificates are ARNs: the default certificate, then those that are
	// chosen by the server name that the client asks for.
	Certificates   []string
	DefaultRuleARN string
	DefaultActions []Action
	Attributes     map[string]string
}

// Attribute is an attribute's value, or its default.
func (l Listener) Attribute(key string) string {
	return attributeValue(listenerAttributes(l), l.Attributes, key)
}

// Rule says what an Application Load Balancer's listener does with some
// requests.
type Rule struct {
	ARN         string
	ListenerARN string
	Priority    int32 // 0 for the default rule, which comes last
	Conditions  []Condition
	Actions     []Action
}

// Action is what is done with a request; as on the wire.
type Action struct {
	Type                string
	Order               *int32
	TargetGroupArn      string
	ForwardConfig       *ForwardConfig
	RedirectConfig      *RedirectConfig
	FixedResponseConfig *FixedResponseConfig
}

// ForwardConfig spreads requests over target groups.
type ForwardConfig struct {
	TargetGroups                []WeightedGroup
	TargetGroupStickinessConfig *GroupStickiness
}

// WeightedGroup is a target group's share of the requests.
type WeightedGroup struct {
	TargetGroupArn string
	Weight         *int32
}

// GroupStickiness keeps a client at the target group that it got first.
type GroupStickiness struct {
	Enabled         *bool
	DurationSeconds *int32
}

// RedirectConfig is the place that a client is sent to; #{protocol}, #{host},
// #{port}, #{path} and #{query} stand for the parts of its request.
type RedirectConfig struct {
	Protocol   string
	Host       string
	Port       string
	Path       string
	Query      *string
	StatusCode string // HTTP_301 or HTTP_302
}

// FixedResponseConfig is an answer that the load balancer gives itself.
type FixedResponseConfig struct {
	StatusCode  string
	ContentType string
	MessageBody string
}

// Condition says which requests a rule is for; as on the wire.
type Condition struct {
	Field                   string
	Values                  []string
	RegexValues             []string
	HostHeaderConfig        *ValuesConfig
	PathPatternConfig       *ValuesConfig
	HttpHeaderConfig        *HTTPHeaderConfig
	HttpRequestMethodConfig *PlainConfig
	QueryStringConfig       *QueryStringConfig
	SourceIpConfig          *PlainConfig
}

// ValuesConfig are patterns with * and ?, or regular expressions.
type ValuesConfig struct {
	Values      []string
	RegexValues []string
}

// PlainConfig are methods, or address blocks.
type PlainConfig struct{ Values []string }

// HTTPHeaderConfig are patterns for a header's value.
type HTTPHeaderConfig struct {
	HttpHeaderName string
	Values         []string
	RegexValues    []string
}

// QueryStringConfig are patterns for the parameters of a query.
type QueryStringConfig struct{ Values []QueryPair }

// QueryPair is a pattern for a key, which may be absent, and one for a value.
type QueryPair struct {
	Key   string
	Value string
}

// TargetGroup is a set of targets that share settings.
type TargetGroup struct {
	ARN             string
	Name            string
	Protocol        string
	ProtocolVersion string // HTTP1, HTTP2 or GRPC; "" for a Network Load Balancer's
	TargetType      string // instance, ip or alb
	VPCID           string
	IPAddressType   string
	Port            int32
	HealthCheck     HealthCheck
	Attributes      map[string]string
	Targets         []RegisteredTarget // sorted by id and port
	// LoadBalancerARNs are those whose listeners or rules refer to the
	// group; it is filled in on the way out.
	LoadBalancerARNs []string `json:"-"`
}

// Suffix is how metrics name the group: targetgroup/NAME/ID.
func (g TargetGroup) Suffix() string { return g.ARN[strings.LastIndex(g.ARN, ":")+1:] }

// Attribute is an attribute's value, or its default.
func (g TargetGroup) Attribute(key string) string {
	return attributeValue(targetGroupAttributes(g), g.Attributes, key)
}

// HealthCheck says how targets are checked. Times are in seconds.
type HealthCheck struct {
	Protocol           string
	Port               string // "traffic-port" or a number
	Path               string // "" for TCP
	Interval           int32
	Timeout            int32
	HealthyThreshold   int32
	UnhealthyThreshold int32
	HTTPCodes          string // such as "200-299,301"
	GRPCCodes          string
}

// Target is an instance (or an address, or a load balancer) and a port.
type Target struct {
	ID   string
	Port int32
}

// RegisteredTarget is a target with what is known of its health.
type RegisteredTarget struct {
	Target
	AvailabilityZone string // as it was registered, for addresses
	Health           Health
	// SettlesAt is when the registration, or the draining, is over.
	SettlesAt time.Time
	// DrainsSince is when it was deregistered, for one that drains.
	DrainsSince time.Time
}

// Health is a target's state as DescribeTargetHealth has it.
type Health struct{ State, Reason, Description string }
