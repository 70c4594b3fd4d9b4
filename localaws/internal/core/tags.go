package core

import (
	"maps"
	"slices"
)

// Tag is a key and a value, as most services write them.
type Tag struct {
	Key   string
	Value string
}

// Tags are a resource's tags by key.
type Tags map[string]string

// NewTags makes a map of a list.
func NewTags(list []Tag) Tags {
	tags := Tags{}
	tags.Put(list)
	return tags
}

// Put adds tags or replaces their values.
func (t Tags) Put(list []Tag) {
	for _, tag := range list {
		t[tag.Key] = tag.Value
	}
}

// Remove deletes the tags with those keys.
func (t Tags) Remove(keys []string) {
	for _, key := range keys {
		delete(t, key)
	}
}

// List returns the tags sorted by key; never nil, so that an untagged resource
// has an empty list on the wire.
func (t Tags) List() []Tag {
	list := make([]Tag, 0, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		list = append(list, Tag{Key: key, Value: t[key]})
	}
	return list
}

// TaggedResource is a resource by its ARN, with its tags.
type TaggedResource struct {
	ARN  string
	Tags Tags
}
