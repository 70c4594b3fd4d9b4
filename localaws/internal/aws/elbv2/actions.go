package elbv2

import (
	"slices"
	"strings"
)

// actions checks the actions of listeners and rules.
type actions struct{ *records }

// Types of actions.
const (
	ActionForward       = "forward"
	ActionRedirect      = "redirect"
	ActionFixedResponse = "fixed-response"
)

const (
	maxWeight         = 999
	maxForwardGroups  = 5
	maxGroupStickness = 604800
)

// checkActions holds a listener's or rule's actions to the rules, and returns
// them as AWS shows them, with what was left out filled in.
func (s *actions) checkActions(lb LoadBalancer, l Listener, actions []Action) ([]Action, error) {
	if len(actions) == 0 {
		return nil, invalid("An action must be specified")
	}
	if len(actions) > 1 {
		return nil, invalid("Only one action of type forward, redirect or fixed-response can be specified, but '%d' were", len(actions))
	}
	action := actions[0]
	if lb.Type == Network && action.Type != ActionForward {
		return nil, invalid("Action type '%s' is not supported by load balancers of type 'network'", action.Type)
	}
	var err error
	switch action.Type {
	case ActionForward:
		action, err = s.checkForward(lb, l, action)
	case ActionRedirect:
		action, err = checkRedirect(l, action)
	case ActionFixedResponse:
		action, err = checkFixedResponse(action)
	default:
		err = notOneOf("actions.1.member.type", action.Type, ActionForward, ActionRedirect, ActionFixedResponse)
	}
	if err != nil {
		return nil, err
	}
	return []Action{action}, nil
}

// checkForward fills in both forms of a forward action to one group.
func (s *actions) checkForward(lb LoadBalancer, l Listener, action Action) (Action, error) {
	config := ForwardConfig{}
	if action.ForwardConfig != nil {
		config = *action.ForwardConfig
	}
	if arn := action.TargetGroupArn; arn != "" {
		if len(config.TargetGroups) > 1 || (len(config.TargetGroups) == 1 && config.TargetGroups[0].TargetGroupArn != arn) {
			return action, invalid("The target group '%s' and those of the forward config must be the same one", arn)
		}
		if len(config.TargetGroups) == 0 {
			config.TargetGroups = []WeightedGroup{{TargetGroupArn: arn}}
		}
	}
	if n := len(config.TargetGroups); n == 0 || n > maxForwardGroups {
		return action, invalid("A forward action must have from 1 to %d target groups, but has %d", maxForwardGroups, n)
	}
	groups := slices.Clone(config.TargetGroups)
	for i, group := range groups {
		if err := s.checkGroup(lb, l, group.TargetGroupArn); err != nil {
			return action, err
		}
		if group.Weight == nil {
			one := int32(1)
			groups[i].Weight = &one
		} else if *group.Weight < 0 || *group.Weight > maxWeight {
			return action, outOfRange("weight", *group.Weight, 0, maxWeight)
		}
	}
	config.TargetGroups = groups
	if err := s.checkGroupCount(lb, groups); err != nil {
		return action, err
	}
	var err error
	if config.TargetGroupStickinessConfig, err = checkGroupStickiness(config.TargetGroupStickinessConfig); err != nil {
		return action, err
	}
	action.ForwardConfig = &config
	if len(groups) == 1 {
		action.TargetGroupArn = groups[0].TargetGroupArn
	}
	return action, nil
}

func checkGroupStickiness(sticky *GroupStickiness) (*GroupStickiness, error) {
	if sticky == nil || sticky.Enabled == nil || !*sticky.Enabled {
		off := false
		return &GroupStickiness{Enabled: &off}, nil
	}
	if sticky.DurationSeconds == nil {
		return nil, invalid("Target group stickiness duration must be specified when stickiness is enabled")
	}
	if *sticky.DurationSeconds < 1 || *sticky.DurationSeconds > maxGroupStickness {
		return nil, outOfRange("durationSeconds", *sticky.DurationSeconds, 1, maxGroupStickness)
	}
	return sticky, nil
}

// checkGroup reports whether a listener may forward to a target group.
func (s *actions) checkGroup(lb LoadBalancer, l Listener, arn string) error {
	group, ok := s.targetGroups.Get(arn)
	if !ok {
		return targetGroupsNotFound([]string{arn})
	}
	if group.VPCID != lb.VPCID {
		return invalidConfiguration("The target group '%s' is in '%s', and the load balancer is in '%s'", arn, group.VPCID, lb.VPCID)
	}
	if !slices.Contains(compatible[l.Protocol], group.Protocol) {
		return incompatibleProtocols(arn)
	}
	if l.Protocol == "HTTP" && (group.ProtocolVersion == "GRPC" || group.ProtocolVersion == "HTTP2") {
		return unsupportedVersion(l.Protocol, group.ProtocolVersion)
	}
	if lb.Type == Application {
		for _, other := range s.loadBalancersOf(arn) {
			if other != lb.ARN {
				return associationLimit(arn)
			}
		}
	}
	return nil
}

// compatible are the target groups' protocols by the listener's.
var compatible = map[string][]string{
	"HTTP":    {"HTTP", "HTTPS"},
	"HTTPS":   {"HTTP", "HTTPS"},
	"TCP":     {"TCP", "TCP_UDP"},
	"TLS":     {"TCP", "TLS"},
	"UDP":     {"UDP", "TCP_UDP"},
	"TCP_UDP": {"TCP_UDP"},
}

// checkGroupCount refuses groups that are one too many for the load balancer.
func (s *actions) checkGroupCount(lb LoadBalancer, more []WeightedGroup) error {
	groups := s.groupsOf(lb.ARN)
	for _, group := range more {
		if !slices.Contains(groups, group.TargetGroupArn) {
			groups = append(groups, group.TargetGroupArn)
		}
	}
	if len(groups) > maxGroups {
		return tooMany("TooManyUniqueTargetGroupsPerLoadBalancer",
			"You have reached the maximum number of unique target groups that you can associate with a load balancer of type '%s': [%d]",
			lb.Type, maxGroups)
	}
	return s.checkTargetCount(lb, groups, 0)
}

func checkRedirect(l Listener, action Action) (Action, error) {
	if action.RedirectConfig == nil {
		return action, invalid("A redirect action must have a redirect config")
	}
	config := *action.RedirectConfig
	if config.Protocol == "" {
		config.Protocol = "#{protocol}"
	}
	if config.Host == "" {
		config.Host = "#{host}"
	}
	if config.Port == "" {
		config.Port = "#{port}"
	}
	if config.Path == "" {
		config.Path = "/#{path}"
	}
	if config.Query == nil {
		query := "#{query}"
		config.Query = &query
	}
	switch {
	case l.Protocol == "HTTPS" && config.Protocol == "HTTP":
		return action, invalid("You cannot redirect from HTTPS to HTTP")
	case !strings.HasPrefix(config.Path, "/"):
		return action, invalid("The redirect path '%s' must begin with '/'", config.Path)
	case config.Port != "#{port}" && within(1, 65535)(config.Port) != "":
		return action, invalid("The redirect port '%s' must be a number from 1 to 65535, or #{port}", config.Port)
	case config.Protocol == "#{protocol}" && config.Host == "#{host}" && config.Port == "#{port}" &&
		config.Path == "/#{path}" && *config.Query == "#{query}":
		return action, invalid("The redirect must change at least one of protocol, host, port, path and query, to avoid a loop")
	}
	action.RedirectConfig = &config
	return action, nil
}

var fixedContentTypes = []string{"text/plain", "text/css", "text/html", "application/javascript", "application/json"}

func checkFixedResponse(action Action) (Action, error) {
	if action.FixedResponseConfig == nil {
		return action, invalid("A fixed-response action must have a fixed response config")
	}
	config := *action.FixedResponseConfig
	if config.ContentType != "" && !slices.Contains(fixedContentTypes, config.ContentType) {
		return action, invalid("The fixed response content type '%s' must be one of: %s", config.ContentType, strings.Join(fixedContentTypes, ", "))
	}
	action.FixedResponseConfig = &config
	return action, nil
}

// GroupARNs are the target groups that actions forward to.
func GroupARNs(actions []Action) []string {
	var arns []string
	for _, action := range actions {
		if action.ForwardConfig == nil {
			continue
		}
		for _, group := range action.ForwardConfig.TargetGroups {
			arns = append(arns, group.TargetGroupArn)
		}
	}
	return arns
}
