package ecs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
)

func checkConstraint(kind, expression string) error {
	switch kind {
	case "distinctInstance":
		if expression != "" {
			return invalid("Placement constraint distinctInstance takes no expression: %q.", expression)
		}
		return nil
	case "memberOf":
		_, err := parseExpression(expression)
		return err
	}
	return invalid("Invalid placement constraint %q: distinctInstance or memberOf.", kind)
}

// parseExpression reads an expression of the cluster query language.
func parseExpression(text string) (schedule.Expression, error) {
	matches, err := schedule.ParseExpression(text)
	if err != nil {
		return nil, invalid("Invalid expression %q: %s.", text, err)
	}
	return matches, nil
}

func checkPlacement(p *types.PlacementStrategy) error {
	field := aws.ToString(p.Field)
	switch p.Type {
	case types.PlacementStrategyTypeRandom:
		return nil
	case types.PlacementStrategyTypeBinpack:
		if !strings.EqualFold(field, "cpu") && !strings.EqualFold(field, "memory") {
			return invalid("Invalid field %q for placement strategy binpack: cpu or memory.", field)
		}
		return nil
	case types.PlacementStrategyTypeSpread:
		if field != "instanceId" && field != "host" && !strings.HasPrefix(field, "attribute:") {
			return invalid("Invalid field %q for placement strategy spread: instanceId, host or attribute:<name>.", field)
		}
		return nil
	}
	return invalid("Invalid placement strategy %q: spread, binpack or random.", p.Type)
}

// checkItems checks a strategy,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html.
func checkItems(providers []string, strategy []types.CapacityProviderStrategyItem) error {
	bases, weights := 0, int32(0)
	for _, item := range strategy {
		name := aws.ToString(item.CapacityProvider)
		if !slices.Contains(providers, name) {
			return invalid("The specified capacity provider strategy contains a capacity provider that is not associated with the cluster. (%s)", name)
		}
		if item.Base > 0 {
			bases++
		}
		weights += item.Weight
	}
	switch {
	case bases > 1:
		return invalid("Only one capacity provider strategy item may have a base value defined.")
	case len(strategy) > 0 && weights == 0:
		return invalid("The specified capacity provider strategy must have at least one capacity provider with a weight greater than zero.")
	}
	return nil
}
