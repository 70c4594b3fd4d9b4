package iam

import (
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// newID is a unique id as IAM makes them: a prefix for the kind and 17 letters
// and digits.
func newID(prefix string) string { return prefix + strings.ToUpper(ids.Hex(17)) }

// pages are those of IAM's List operations,
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html.
var pages = paging.Limits{
	Default: 100, Max: 1000,
	Size: func(size int) error {
		return wire.Errorf("ValidationError", "The value %d at 'maxItems' must be between 1 and 1000", size)
	},
	Token: func(token string) error { return invalid("marker", token, "be what the answer before held") },
}

// pageInput is how List operations ask for a page.
type pageInput struct {
	Marker   string
	MaxItems *int
}

// pageOutput is what they say of it.
type pageOutput struct {
	IsTruncated bool
	Marker      string
}

// cut returns the page of a list that a request asks for, by name.
func cut[T any](all []T, name func(T) string, in pageInput) ([]T, pageOutput, error) {
	page, next, err := paging.Cut(pages, all, name, in.MaxItems, in.Marker)
	return page, pageOutput{IsTruncated: next != "", Marker: next}, err
}

// each makes answers of resources; never nil, so that an empty list is written.
func each[T, Item any](resources []T, item func(T) Item) []Item {
	items := make([]Item, 0, len(resources))
	for _, resource := range resources {
		items = append(items, item(resource))
	}
	return items
}
