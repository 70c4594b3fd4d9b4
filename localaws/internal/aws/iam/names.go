package iam

import (
	"cmp"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

var (
	nameRule = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathRule = regexp.MustCompile(`^/([!-~]+/)?$`)
)

// checkName applies the rules of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
func checkName(member, name string, longest int) error {
	switch {
	case name == "" || len(name) > longest:
		return wire.Errorf("ValidationError", "The value %q at '%s' must have between 1 and %d characters", name, member, longest)
	case !nameRule.MatchString(name):
		return wire.Errorf("ValidationError", "The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", member)
	}
	return nil
}

// checkPath returns the path, "/" when none was given.
func checkPath(path string) (string, error) {
	path = cmp.Or(path, "/")
	if !pathRule.MatchString(path) || len(path) > 512 {
		return "", invalid("path", path, "begin and end with a slash")
	}
	return path, nil
}

// newID is a unique id as IAM makes them: a prefix for the kind and 17 letters
// and digits.
func newID(prefix string) string { return prefix + strings.ToUpper(ids.Hex(17)) }

func checkTags(tags []core.Tag) error {
	if len(tags) > 50 {
		return limit("Cannot exceed quota for TagsPerResource: 50")
	}
	for _, tag := range tags {
		switch {
		case tag.Key == "" || len([]rune(tag.Key)) > 128:
			return invalid("tags.member.key", tag.Key, "have between 1 and 128 characters")
		case len([]rune(tag.Value)) > 256:
			return invalid("tags.member.value", tag.Value, "have at most 256 characters")
		case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
			return wire.Errorf("InvalidInput", "The tag key %q begins with aws:, which is reserved", tag.Key)
		}
	}
	return nil
}

// paging is how IAM's List operations take pages.
type paging struct {
	Marker   string
	MaxItems *int
}

// page is what they answer of it.
type page struct {
	IsTruncated bool
	Marker      string
}

// paginate sorts a list by name and cuts a page off it. The marker is the last
// name given.
func paginate[T any](all []T, name func(T) string, p paging) ([]T, page, error) {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	if p.Marker != "" {
		last, err := base64.RawURLEncoding.DecodeString(p.Marker)
		if err != nil {
			return nil, page{}, invalid("marker", p.Marker, "be what the answer before held")
		}
		for len(all) > 0 && name(all[0]) <= string(last) {
			all = all[1:]
		}
	}
	size := 100
	if p.MaxItems != nil {
		size = *p.MaxItems
	}
	if size < 1 {
		return nil, page{}, wire.Errorf("ValidationError", "The value %d at 'maxItems' must be at least 1", size)
	}
	if len(all) <= size {
		return all, page{}, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(name(all[size-1])))
	return all[:size], page{IsTruncated: true, Marker: next}, nil
}

// each makes answers of resources; never nil, so that an empty list is written.
func each[T, Item any](resources []T, item func(T) Item) []Item {
	items := make([]Item, 0, len(resources))
	for _, resource := range resources {
		items = append(items, item(resource))
	}
	return items
}

// now is IAM's clock, which knows seconds only.
func (s *Service) now() time.Time { return s.account.Clock.Now().UTC().Truncate(time.Second) }
