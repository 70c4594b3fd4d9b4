package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// Parts of answers: lists are never null, and what is not known is left out.

func missing(arn string) types.Failure {
	return types.Failure{Arn: &arn, Reason: aws.String("MISSING")}
}

func countIf(condition bool) int32 {
	if condition {
		return 1
	}
	return 0
}

func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func text(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}

// tagMap and tagList change between the API's tags and the account's.
func tagMap(tags []types.Tag) core.Tags {
	m := core.Tags{}
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}

func tagList(tags core.Tags) []types.Tag {
	l := []types.Tag{}
	for _, t := range tags.List() {
		l = append(l, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	return l
}
