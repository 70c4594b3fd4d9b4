package suite

import (
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/sweep"
)

// Tags of all that a run makes, as default_tags of the fixtures' providers. By
// TagRun a sweep finds what an aborted run left.
const (
	TagRun     = "test-run"     // the run's id
	TagSpace   = "test-space"   // its TEST_SPACE
	TagStarted = "test-started" // when it began, RFC 3339
)

// tags are on all that a run makes.
func (s *Suite) tags() map[string]string {
	tags := map[string]string{TagRun: s.workspace.Run.ID, TagSpace: s.workspace.Run.Space}
	if started := s.workspace.Run.Started; !started.IsZero() {
		tags[TagStarted] = started.Format(time.RFC3339)
	}
	return tags
}

// sweepTags are the tags that a sweep looks for.
var sweepTags = sweep.Tags{Run: TagRun, Started: TagStarted}
