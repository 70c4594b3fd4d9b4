// Package tags is what the tags of all services have in common: the set that a
// resource keeps, the checks of what clients send, and the operations that add,
// remove and list them.
//
// A service says three things. Its rules, with its own words for refusals:
//
//	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
//	var tagRules = tags.Rules{FoldCase: true, Refuse: func(f tags.Fault) error {
//		if f.Problem == tags.TooMany {
//			return limit("Cannot exceed quota for TagsPerResource: %d", f.Limit)
//		}
//		return wire.Errorf("ValidationError", "%s", f)
//	}}
//
// which of its resources have tags, and where these are:
//
//	func (s *Service) roleTags() tags.Resources {
//		return tags.Resources{Rules: tagRules, Find: func(name string) (tags.Resource, error) {
//			found, ok := tags.In(s.roles, name, func(r *role) *tags.Set { return &r.Tags })
//			if !ok {
//				return found, roleNotFound(name)
//			}
//			return found, nil
//		}}
//	}
//
// and how its API spells the operations. Most services have TagResource,
// UntagResource and ListTagsForResource, which Operations and MapOperations
// make whole:
//
//	Operations: append(s.roleTags().Operations(), ...)
//
// Others write their inputs and outputs, and call Add, Remove and List:
//
//	func (s *Service) tagRole(_ context.Context, in *tagRoleInput) (*wire.Empty, error) {
//		return nil, s.roleTags().Add(in.Tags, in.RoleName)
//	}
//
// What asks for more than these, such as ACM, which removes a tag only if its
// value is the one given, rewrites the set by Change.
//
// An operation that makes a resource calls Rules.New for the tags that its
// request has.
package tags

import (
	"maps"
	"slices"
)

// Tag is a key and a value, as most services write them.
type Tag struct {
	Key string
	// Value may be empty, and is there nevertheless.
	Value string `empty:"kept"`
}

// Set is a resource's tags: values by key.
type Set map[string]string

// SetOf makes a set of a list that needs no checks.
func SetOf(list []Tag) Set {
	set := Set{}
	set.Put(list)
	return set
}

// Put adds tags or replaces their values.
func (s Set) Put(list []Tag) {
	for _, tag := range list {
		s[tag.Key] = tag.Value
	}
}

// Remove deletes the tags with those keys.
func (s Set) Remove(keys []string) {
	for _, key := range keys {
		delete(s, key)
	}
}

// List returns the tags sorted by key; never nil, so that an untagged resource
// has an empty list on the wire.
func (s Set) List() []Tag {
	list := make([]Tag, 0, len(s))
	for _, key := range slices.Sorted(maps.Keys(s)) {
		list = append(list, Tag{Key: key, Value: s[key]})
	}
	return list
}

// Tagged is a resource by its ARN, with its tags, for the Tagging API.
type Tagged struct {
	ARN  string
	Tags Set
}
