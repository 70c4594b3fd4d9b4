package elbv2

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// listenerOperations are those on listeners.
type listenerOperations struct {
	*records
	*actions
	*lifecycle
}

func (s *listenerOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateListener", s.createListener),
		wire.ReadOp("DescribeListeners", s.describeListeners),
		wire.Op("ModifyListener", s.modifyListener),
		wire.Op("DeleteListener", s.deleteListener),
		wire.ReadOp("DescribeListenerAttributes", s.describeListenerAttributes),
		wire.Op("ModifyListenerAttributes", s.modifyListenerAttributes),
		wire.Op("AddListenerCertificates", s.addListenerCertificates),
		wire.ReadOp("DescribeListenerCertificates", s.describeListenerCertificates),
		wire.Op("RemoveListenerCertificates", s.removeListenerCertificates),
	}
}

// Quotas of a load balancer, and of the region,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html.
const (
	maxListeners    = 50
	maxGroups       = 100 // unique target groups
	maxRules        = 100 // not counting default rules
	maxTargets      = 1000
	maxCertificates = 25 // not counting default certificates

	// Of the region.
	maxLoadBalancers = 50 // of each type
	maxTargetGroups  = 3000
)

// CertificateRef is a certificate on the wire.
type CertificateRef struct {
	CertificateArn string
	IsDefault      *bool
}

// MutualAuthentication is switched off; nothing else is supported.
type MutualAuthentication struct {
	Mode                          string
	TrustStoreArn                 string
	IgnoreClientCertificateExpiry *bool
	AdvertiseTrustStoreCaNames    string
}

// listenerSettings are those that CreateListener and ModifyListener share.
type listenerSettings struct {
	Port                 *int32
	Protocol             string
	SslPolicy            string
	AlpnPolicy           []string
	Certificates         []CertificateRef
	DefaultActions       []Action
	MutualAuthentication *MutualAuthentication
}

type createListenerInput struct {
	LoadBalancerArn      string
	Port                 *int32
	Protocol             string
	SslPolicy            string
	AlpnPolicy           []string
	Certificates         []CertificateRef
	DefaultActions       []Action
	MutualAuthentication *MutualAuthentication
	Tags                 []tags.Tag
}

type listenerOutput struct {
	ListenerArn          string
	LoadBalancerArn      string
	Port                 int32
	Protocol             string
	SslPolicy            string
	AlpnPolicy           []string
	Certificates         []CertificateRef
	DefaultActions       []Action
	MutualAuthentication *MutualAuthentication
}

type listenersOutput struct {
	Listeners  []listenerOutput
	NextMarker string
}

// createListener is idempotent: one with the settings of a listener that is
// there gives that listener,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html.
func (s *listenerOperations) createListener(_ context.Context, in *createListenerInput) (*listenersOutput, error) {
	lb, err := s.loadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	set, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	listener := Listener{
		ARN:             s.newARN("listener/" + lb.Suffix() + "/"),
		LoadBalancerARN: lb.ARN,
	}
	listener.DefaultRuleARN = s.ruleARN(listener)
	twin, there := s.listenerOn(lb, in.Port)
	switch {
	case there: // its own port is free for it
		listener.ARN, listener.DefaultRuleARN = twin.ARN, twin.DefaultRuleARN
	case len(s.listenersOf(lb.ARN)) >= maxListeners:
		return nil, tooMany("TooManyListeners", "The maximum number of listeners per load balancer has been reached: %d", maxListeners)
	}
	listener, err = s.applySettings(lb, listener, listenerSettings{
		Port: in.Port, Protocol: in.Protocol, SslPolicy: in.SslPolicy, AlpnPolicy: in.AlpnPolicy,
		Certificates: in.Certificates, DefaultActions: in.DefaultActions, MutualAuthentication: in.MutualAuthentication,
	})
	switch {
	case err != nil:
		return nil, err
	case there && !sameListener(twin, listener):
		return nil, duplicateListener()
	case there:
		return &listenersOutput{Listeners: []listenerOutput{s.listenerOutput(twin)}}, nil
	}
	s.putListener(listener)
	s.tagSets.Put(listener.ARN, set)
	s.settle()
	return &listenersOutput{Listeners: []listenerOutput{s.listenerOutput(listener)}}, nil
}

// listenerOn is the load balancer's listener on a port.
func (s *listenerOperations) listenerOn(lb LoadBalancer, port *int32) (Listener, bool) {
	for _, listener := range s.listenersOf(lb.ARN) {
		if port != nil && listener.Port == *port {
			return listener, true
		}
	}
	return Listener{}, false
}

// sameListener reports whether a second request asks for the listener that is
// there. Attributes and further certificates come by requests of their own.
func sameListener(twin, listener Listener) bool {
	twin.Attributes, twin.Certificates = nil, twin.Certificates[:min(1, len(twin.Certificates))]
	if len(twin.Certificates) == 0 && len(listener.Certificates) == 0 {
		twin.Certificates = listener.Certificates
	}
	return reflect.DeepEqual(twin, listener)
}

// applySettings returns the listener with what is given changed, and checks
// all of it.
func (s *listenerOperations) applySettings(lb LoadBalancer, l Listener, in listenerSettings) (Listener, error) {
	if in.Port != nil {
		l.Port = *in.Port
	}
	if in.Protocol != "" {
		l.Protocol = in.Protocol
	}
	if err := s.checkEndpoint(lb, l); err != nil {
		return l, err
	}
	if in.MutualAuthentication != nil && in.MutualAuthentication.Mode != "off" {
		return l, wire.Errorf("UnsupportedParameter", "localaws has no mutual authentication: MutualAuthentication.Mode is '%s', not 'off'",
			in.MutualAuthentication.Mode)
	}
	l, err := s.applyTLS(l, in)
	if err != nil {
		return l, err
	}
	if in.DefaultActions != nil || l.DefaultActions == nil {
		l.DefaultActions = in.DefaultActions
	}
	// Checked again also when only the protocol changed: a target group may
	// not go with the new one.
	l.DefaultActions, err = s.checkActions(lb, l, l.DefaultActions)
	return l, err
}

// checkEndpoint holds port and protocol to the load balancer's kind.
func (s *listenerOperations) checkEndpoint(lb LoadBalancer, l Listener) error {
	protocols := []string{"HTTP", "HTTPS"}
	if lb.Type == Network {
		protocols = []string{"TCP", "TLS", "UDP", "TCP_UDP"}
	}
	if !slices.Contains(protocols, l.Protocol) {
		return invalid("Listener protocol '%s' must be one of '%s'", l.Protocol, strings.Join(protocols, ", "))
	}
	if l.Port < 1 || l.Port > 65535 {
		return outOfRange("port", l.Port, 1, 65535)
	}
	for _, other := range s.listenersOf(lb.ARN) {
		if other.ARN != l.ARN && other.Port == l.Port {
			return duplicateListener()
		}
	}
	return nil
}

// applyTLS sets certificate and policies, which listeners with TLS have and
// others have not.
func (s *listenerOperations) applyTLS(l Listener, in listenerSettings) (Listener, error) {
	if l.Protocol != "HTTPS" && l.Protocol != "TLS" {
		if len(in.Certificates) > 0 || in.SslPolicy != "" {
			return l, invalid("A certificate or an SSL policy cannot be specified for %s listeners", l.Protocol)
		}
		l.Certificates, l.SSLPolicy, l.ALPN = nil, "", ""
		return l, nil
	}
	if len(in.Certificates) > 1 {
		return l, invalid("Up to '1' certificate ARNs can be specified, but '%d' were specified", len(in.Certificates))
	}
	if len(in.Certificates) == 1 {
		arn := in.Certificates[0].CertificateArn
		if err := s.checkCertificate(arn); err != nil {
			return l, err
		}
		byName := l.Certificates[min(1, len(l.Certificates)):]
		l.Certificates = append([]string{arn}, byName...)
	}
	if len(l.Certificates) == 0 {
		return l, invalid("A certificate must be specified for %s listeners", l.Protocol)
	}
	if in.SslPolicy != "" {
		l.SSLPolicy = in.SslPolicy
	}
	if l.SSLPolicy == "" {
		l.SSLPolicy = DefaultSSLPolicy
	}
	if _, ok := SSLPolicyNamed(l.SSLPolicy); !ok {
		return l, sslPolicyNotFound(l.SSLPolicy)
	}
	return applyALPN(l, in.AlpnPolicy)
}

func applyALPN(l Listener, policies []string) (Listener, error) {
	known := []string{"None", "HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred"}
	if len(policies) > 0 && l.Protocol == "TLS" && !slices.Contains(known, policies[0]) {
		return l, alpnPolicyNotFound(policies[0])
	}
	switch {
	case len(policies) == 0:
	case l.Protocol != "TLS":
		return l, invalid("ALPN policies are supported by TLS listeners only")
	case len(policies) > 1:
		return l, invalid("Only one ALPN policy can be specified, but '%d' were", len(policies))
	default:
		l.ALPN = policies[0]
	}
	return l, nil
}

func (s *listenerOperations) checkCertificate(arn string) error {
	status, ok := s.certificates.Status(arn)
	switch {
	case !ok:
		return certificateNotFound(arn)
	case status != "ISSUED":
		return certificateNotIssued(arn)
	}
	return nil
}

// putListener stores a listener, and tells which certificates its load
// balancer uses now and did not, or did and does not.
func (s *listenerOperations) putListener(l Listener) {
	before := s.certificatesOf(l.LoadBalancerARN)
	s.listeners.Put(l.ARN, l)
	s.tellCertificates(l.LoadBalancerARN, before)
}

// dropListener removes a listener with its rules.
func (s *listenerOperations) dropListener(l Listener) {
	before := s.certificatesOf(l.LoadBalancerARN)
	for _, rule := range s.rulesOf(l.ARN) {
		s.rules.Delete(rule.ARN)
		s.tagSets.Delete(rule.ARN)
	}
	s.listeners.Delete(l.ARN)
	s.tagSets.Delete(l.DefaultRuleARN)
	s.tagSets.Delete(l.ARN)
	s.tellCertificates(l.LoadBalancerARN, before)
}

func (s *listenerOperations) certificatesOf(lbARN string) map[string]bool {
	used := map[string]bool{}
	for _, listener := range s.listenersOf(lbARN) {
		for _, arn := range listener.Certificates {
			used[arn] = true
		}
	}
	return used
}

func (s *listenerOperations) tellCertificates(lbARN string, before map[string]bool) {
	after := s.certificatesOf(lbARN)
	for arn := range after {
		if !before[arn] {
			s.certificates.Use(arn, lbARN)
		}
	}
	for arn := range before {
		if !after[arn] {
			s.certificates.Unuse(arn, lbARN)
		}
	}
}

func (s *listenerOperations) listenerOutput(l Listener) listenerOutput {
	out := listenerOutput{
		ListenerArn: l.ARN, LoadBalancerArn: l.LoadBalancerARN, Port: l.Port, Protocol: l.Protocol,
		SslPolicy: l.SSLPolicy, DefaultActions: l.DefaultActions,
	}
	if len(l.Certificates) > 0 {
		out.Certificates = []CertificateRef{{CertificateArn: l.Certificates[0]}}
	}
	if l.ALPN != "" {
		out.AlpnPolicy = []string{l.ALPN}
	}
	if l.Protocol == "HTTPS" {
		out.MutualAuthentication = &MutualAuthentication{Mode: "off"}
	}
	return out
}

type describeListenersInput struct {
	LoadBalancerArn string
	ListenerArns    []string
	Marker          string
	PageSize        *int
}

func (s *listenerOperations) describeListeners(_ context.Context, in *describeListenersInput) (*listenersOutput, error) {
	var found []Listener
	if in.LoadBalancerArn != "" {
		if _, err := s.loadBalancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
		found = s.listenersOf(in.LoadBalancerArn)
	}
	for _, arn := range in.ListenerArns {
		listener, err := s.listener(arn)
		if err != nil {
			return nil, err
		}
		found = append(found, listener)
	}
	if in.LoadBalancerArn == "" && len(in.ListenerArns) == 0 {
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	}
	part, next, err := paging.Cut(pages, found, func(l Listener) string { return fmt.Sprintf("%05d %s", l.Port, l.ARN) }, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &listenersOutput{Listeners: []listenerOutput{}, NextMarker: next}
	for _, listener := range part {
		out.Listeners = append(out.Listeners, s.listenerOutput(listener))
	}
	return out, nil
}

type modifyListenerInput struct {
	ListenerArn          string
	Port                 *int32
	Protocol             string
	SslPolicy            string
	AlpnPolicy           []string
	Certificates         []CertificateRef
	DefaultActions       []Action
	MutualAuthentication *MutualAuthentication
}

func (s *listenerOperations) modifyListener(_ context.Context, in *modifyListenerInput) (*listenersOutput, error) {
	listener, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	lb, _ := s.loadBalancers.Get(listener.LoadBalancerARN)
	listener, err = s.applySettings(lb, listener, listenerSettings{
		Port: in.Port, Protocol: in.Protocol, SslPolicy: in.SslPolicy, AlpnPolicy: in.AlpnPolicy,
		Certificates: in.Certificates, DefaultActions: in.DefaultActions, MutualAuthentication: in.MutualAuthentication,
	})
	if err != nil {
		return nil, err
	}
	if err := s.checkRulesFit(lb, listener); err != nil {
		return nil, err
	}
	s.putListener(listener)
	s.settle()
	return &listenersOutput{Listeners: []listenerOutput{s.listenerOutput(listener)}}, nil
}

// checkRulesFit holds the listener's rules to its new protocol.
func (s *listenerOperations) checkRulesFit(lb LoadBalancer, l Listener) error {
	for _, rule := range s.rulesOf(l.ARN) {
		if _, err := s.checkActions(lb, l, rule.Actions); err != nil {
			return err
		}
	}
	return nil
}

// targetBehind is the listener's load balancer where it is a target, on the
// listener's port, of a group in use: the listener stays as long as that.
func (s *listenerOperations) targetBehind(l Listener) (arn string, ok bool) {
	for _, group := range s.targetGroups.All() {
		for _, target := range group.Targets {
			if group.TargetType == "alb" && target.Target == (Target{ID: l.LoadBalancerARN, Port: l.Port}) {
				return target.ID, true
			}
		}
	}
	return "", false
}

type listenerInput struct{ ListenerArn string }

func (s *listenerOperations) deleteListener(_ context.Context, in *listenerInput) (*wire.Empty, error) {
	listener, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	if target, ok := s.targetBehind(listener); ok {
		return nil, listenerInUse(listener.Port, target)
	}
	s.dropListener(listener)
	s.settle()
	return nil, nil
}
