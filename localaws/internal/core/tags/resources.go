package tags

import (
	"context"
	"maps"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Resources are the resources of a service that can have tags, or one kind of
// them where its API has operations for each kind.
type Resources struct {
	Rules Rules
	// Find returns the resource with the name, id or ARN by which the
	// service's operations call it, or the service's refusal.
	Find func(id string) (Resource, error)
}

// Resource is what one resource has of tags. The set is only read: Replace
// gives the resource another one.
type Resource struct {
	Tags    Set
	Replace func(all Set)
}

// records are a collection of a service's records, as store.Collection is.
type records[T any] interface {
	Get(id string) (T, bool)
	Change(id string) (T, bool)
}

// In finds a resource among records that are pointers; field points at the tags
// of one. ok is false when it is not there.
func In[T any](all records[*T], id string, field func(*T) *Set) (found Resource, ok bool) {
	record, ok := all.Get(id)
	if !ok {
		return Resource{}, false
	}
	return Resource{Tags: *field(record), Replace: func(set Set) {
		if record, ok := all.Change(id); ok {
			*field(record) = set
		}
	}}, true
}

// Add adds tags to resources, or replaces the values of those that they have:
// to all of the resources or, when it fails, to none.
func (r Resources) Add(list []Tag, ids ...string) error {
	if err := r.Rules.check(list); err != nil {
		return err
	}
	return r.Change(func(set Set) { r.Rules.put(set, list) }, ids...)
}

// Remove removes the tags with those keys, as far as they are there.
func (r Resources) Remove(keys []string, ids ...string) error {
	return r.Change(func(set Set) { r.Rules.remove(set, keys) }, ids...)
}

// Change lets change rewrite the tags of resources: of all or, when one is not
// found or would have too many, of none.
func (r Resources) Change(change func(Set), ids ...string) error {
	var replace []func()
	for _, id := range ids {
		found, err := r.Find(id)
		if err != nil {
			return err
		}
		all := Set{}
		maps.Copy(all, found.Tags)
		change(all)
		if err := r.Rules.fit(all); err != nil {
			return err
		}
		replace = append(replace, func() { found.Replace(all) })
	}
	for _, f := range replace {
		f()
	}
	return nil
}

// List returns a resource's tags sorted by key, never nil.
func (r Resources) List(id string) ([]Tag, error) {
	found, err := r.Find(id)
	return found.Tags.List(), err
}

type tagResourceInput struct {
	ResourceARN string
	Tags        []Tag
}

type untagResourceInput struct {
	ResourceARN string
	TagKeys     []string
}

type listTagsInput struct{ ResourceARN string }

type listTagsOutput struct{ Tags []Tag }

// Operations are TagResource, UntagResource and ListTagsForResource of the
// services that find resources by ResourceARN and have lists of tags.
func (r Resources) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("TagResource", func(_ context.Context, in *tagResourceInput) (*wire.Empty, error) {
			return nil, r.Add(in.Tags, in.ResourceARN)
		}),
		r.untagResource(),
		wire.ReadOp("ListTagsForResource", func(_ context.Context, in *listTagsInput) (*listTagsOutput, error) {
			list, err := r.List(in.ResourceARN)
			return &listTagsOutput{list}, err
		}),
	}
}

type tagResourceMapInput struct {
	ResourceARN string
	Tags        Set
}

type listTagsMapOutput struct{ Tags Set }

// MapOperations are the same operations of services whose tags are a map.
func (r Resources) MapOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("TagResource", func(_ context.Context, in *tagResourceMapInput) (*wire.Empty, error) {
			return nil, r.Add(in.Tags.List(), in.ResourceARN)
		}),
		r.untagResource(),
		wire.ReadOp("ListTagsForResource", func(_ context.Context, in *listTagsInput) (*listTagsMapOutput, error) {
			list, err := r.List(in.ResourceARN)
			return &listTagsMapOutput{SetOf(list)}, err
		}),
	}
}

func (r Resources) untagResource() wire.Operation {
	return wire.Op("UntagResource", func(_ context.Context, in *untagResourceInput) (*wire.Empty, error) {
		return nil, r.Remove(in.TagKeys, in.ResourceARN)
	})
}
