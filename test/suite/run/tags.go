package run

import "time"

// Tags of all that a run makes, as default_tags of the fixtures' providers. By
// TagRun a sweep finds what an aborted run left.
const (
	TagRun     = "test-run"     // the run's ID
	TagSpace   = "test-space"   // its TEST_SPACE
	TagStarted = "test-started" // when it began, RFC 3339
)

// tags are on all that a run makes.
func (r *Run) tags() map[string]string {
	tags := map[string]string{TagRun: r.Workdir.Run.ID, TagSpace: r.Workdir.Run.Space}
	if started := r.Workdir.Run.Started; !started.IsZero() {
		tags[TagStarted] = started.Format(time.RFC3339)
	}
	return tags
}
