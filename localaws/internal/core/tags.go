package core

import "github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"

// Services that don't use package tags yet call its types by these names.
type (
	Tag            = tags.Tag
	Tags           = tags.Set
	TaggedResource = tags.Tagged
)

// NewTags makes a set of a list.
func NewTags(list []Tag) Tags { return tags.SetOf(list) }
