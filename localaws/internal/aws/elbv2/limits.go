package elbv2

import (
	"context"
	"strconv"
)

type pageInput struct {
	Marker   string
	PageSize *int32
}

type limit struct{ Name, Max string }

type limitsOutput struct {
	Limits     []limit
	NextMarker string
}

func (s *Service) describeAccountLimits(_ context.Context, in *pageInput) (*limitsOutput, error) {
	number := func(name string, most int) limit { return limit{name, strconv.Itoa(most)} }
	part, next, err := page([]limit{
		number("application-load-balancers", 50),
		number("network-load-balancers", 50),
		number("target-groups", 3000),
		number("target-groups-per-application-load-balancer", maxGroups),
		number("target-groups-per-action-on-application-load-balancer", maxForwardGroups),
		number("target-groups-per-action-on-network-load-balancer", maxForwardGroups),
		number("target-id-registrations-per-application-load-balancer", maxTargets),
		number("targets-per-application-load-balancer", maxTargets),
		number("targets-per-network-load-balancer", maxTargets),
		number("listeners-per-application-load-balancer", maxListeners),
		number("listeners-per-network-load-balancer", maxListeners),
		number("rules-per-application-load-balancer", maxRules),
		number("certificates-per-application-load-balancer", maxCertificates),
		number("certificates-per-network-load-balancer", maxCertificates),
		number("condition-values-per-alb-rule", maxConditionValues),
		number("condition-wildcards-per-alb-rule", maxConditionValues),
	}, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &limitsOutput{Limits: part, NextMarker: next}, nil
}
