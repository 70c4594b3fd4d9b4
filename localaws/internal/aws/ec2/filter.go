package ec2

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
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
func choose[T any](s *Service, f family[T], ids []string, sel selection) (page []T, next string, err error) {
	all := f.all()
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(f.id(a), f.id(b)) })
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
		if (len(ids) == 0 || slices.Contains(ids, f.id(resource))) && f.passes(s, resource, sel.Filters) {
			found = append(found, resource)
		}
	}
	return paginate(found, f.id, sel)
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

func (f family[T]) passes(s *Service, resource T, filters []filter) bool {
	for _, filter := range filters {
		if !filter.fits(f.values(s, resource, filter.Name)) {
			return false
		}
	}
	return true
}

func (f family[T]) values(s *Service, resource T, name string) []string {
	if get, ok := f.attributes[name]; ok {
		return get(resource)
	}
	tags := s.state.Tags[f.id(resource)]
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

// paginate cuts a page off a sorted list. The token is the id of the last
// resource given, so that a page stays right when resources come and go.
func paginate[T any](found []T, id func(T) string, sel selection) (page []T, next string, err error) {
	if sel.NextToken != "" {
		last, err := base64.RawURLEncoding.DecodeString(sel.NextToken)
		if err != nil {
			return nil, "", wire.Errorf("InvalidNextToken", "The token '%s' is invalid", sel.NextToken)
		}
		for len(found) > 0 && id(found[0]) <= string(last) {
			found = found[1:]
		}
	}
	if sel.MaxResults == nil || len(found) <= *sel.MaxResults {
		return found, "", nil
	}
	if *sel.MaxResults < 1 {
		return nil, "", wire.Errorf("InvalidParameterValue", "Value (%d) for parameter maxResults is invalid. It must be at least 1.", *sel.MaxResults)
	}
	page = found[:*sel.MaxResults]
	return page, base64.RawURLEncoding.EncodeToString([]byte(id(page[len(page)-1]))), nil
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

// values is a list of a map's values.
func values[T any](m map[string]T) func() []T {
	return func() []T { return slices.Collect(maps.Values(m)) }
}
