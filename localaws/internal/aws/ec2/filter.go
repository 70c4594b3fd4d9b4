package ec2

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// filter is one of a request's filters: a resource passes when one of its
// values fits one of the filter's. See "Filters" on
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html.
type filter struct {
	Name   string
	Values []string `in:"Value"`
}

// selection is what all Describe operations take.
type selection struct {
	Filters    []filter `in:"Filter"`
	MaxResults *int
	NextToken  string
}

// attributes are a resource's values by filter name.
type attributes[T any] map[string]func(T) []string

// family says how the resources of one kind are found.
type family[T any] struct {
	all        func() []T
	id         func(T) string
	notFound   func(id string) error
	attributes attributes[T]
}

// choose returns the page of the family that the ids and the selection ask
// for, sorted by id, and the token of the next page ("" at the end).
func choose[T any](r *records, f family[T], ids []string, sel selection) (page []T, next string, err error) {
	all := f.all()
	if err := f.mustExist(all, ids); err != nil {
		return nil, "", err
	}
	for _, filter := range sel.Filters {
		if err := f.known(filter.Name); err != nil {
			return nil, "", err
		}
	}
	var found []T
	for _, resource := range all {
		if (len(ids) == 0 || slices.Contains(ids, f.id(resource))) && f.passes(r, resource, sel.Filters) {
			found = append(found, resource)
		}
	}
	return paging.Cut(pages, found, f.id, sel.MaxResults, sel.NextToken)
}

// pages are as large as a request wants, and hold everything when it doesn't say.
var pages = paging.Limits{
	Default: math.MaxInt, Max: math.MaxInt,
	Size: func(size int) error {
		return wire.Errorf("InvalidParameterValue", "Value (%d) for parameter maxResults is invalid. It must be at least 1.", size)
	},
	Token: func(token string) error {
		return wire.Errorf("InvalidNextToken", "The token '%s' is invalid", token)
	},
}

func (f family[T]) mustExist(all []T, ids []string) error {
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(resource T) bool { return f.id(resource) == id }) {
			return f.notFound(id)
		}
	}
	return nil
}

func (f family[T]) known(name string) error {
	if _, ok := f.attributes[name]; ok || name == "tag-key" || strings.HasPrefix(name, "tag:") {
		return nil
	}
	return wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", name)
}

func (f family[T]) passes(r *records, resource T, filters []filter) bool {
	for _, filter := range filters {
		if !filter.fits(f.values(r, resource, filter.Name)) {
			return false
		}
	}
	return true
}

func (f family[T]) values(r *records, resource T, name string) []string {
	if get, ok := f.attributes[name]; ok {
		return get(resource)
	}
	tags := r.tagsOf(f.id(resource))
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		if value, tagged := tags[key]; tagged {
			return []string{value}
		}
		return nil
	}
	return slices.Collect(maps.Keys(tags))
}

func (f filter) fits(values []string) bool {
	return slices.ContainsFunc(f.Values, func(pattern string) bool {
		return slices.ContainsFunc(values, func(value string) bool { return glob.Filter(pattern).Match(value) })
	})
}

// each makes answers of resources; never nil, so that an empty list is written.
func each[T, Item any](resources []T, item func(T) Item) []Item {
	items := make([]Item, 0, len(resources))
	for _, resource := range resources {
		items = append(items, item(resource))
	}
	return items
}

// one is the list of values of an attribute with a single one; an empty one is
// no value.
func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func oneBool(value bool) []string { return []string{strconv.FormatBool(value)} }

func oneInt[T int | int32 | int64](value T) []string {
	return []string{strconv.FormatInt(int64(value), 10)}
}
