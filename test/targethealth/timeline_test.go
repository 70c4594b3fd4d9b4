package targethealth

import (
	"testing"
	"time"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimelineHasEachChangeOnce(t *testing.T) {
	t.Parallel()
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	target := func(state, reason string) Snapshot {
		return Snapshot{Targets: map[string][]Target{"extra": {{Key: "extra", InstanceID: "i-0", HostPort: 32768, State: state, Reason: reason}}}}
	}
	groups := []Group{{Key: "extra"}}
	var timeline Timeline
	for i, look := range []Snapshot{
		{}, target("initial", "Elb.RegistrationInProgress"), target("initial", "Elb.RegistrationInProgress"),
		target("initial", "Elb.InitialHealthChecking"), target("healthy", ""), {}, {}, target("healthy", ""),
	} {
		timeline.note(groups, look, at(i))
	}
	assert.Equal(t, []Change{
		{at(1), "extra", "i-0:32768", "initial", "Elb.RegistrationInProgress"},
		{at(3), "extra", "i-0:32768", "initial", "Elb.InitialHealthChecking"},
		{at(4), "extra", "i-0:32768", "healthy", ""},
		{at(5), "extra", "i-0:32768", Gone, ""},
		{at(7), "extra", "i-0:32768", "healthy", ""},
	}, timeline.Changes)
	assert.Equal(t, at(7), timeline.Ended)
}

func TestWaitRecordsItsTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumUnhealthy, elbtypes.TargetHealthReasonEnumTimeout, "Request timed out")
	w.each = func(w *world, look int) {
		if look == 3 {
			w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumHealthy, "", "")
		}
	}
	watcher := w.watcher()
	_, err := watcher.Wait(t.Context())
	require.NoError(t, err)
	timeline := watcher.Timeline()
	var states []string
	for _, change := range timeline.Changes {
		if change.Key == "otlp_grpc" && change.Target == "i-0:32868" {
			states = append(states, change.State+" "+change.Reason)
		}
	}
	assert.Equal(t, []string{"unhealthy Target.Timeout Request timed out", "healthy "}, states)
	assert.False(t, timeline.Began.After(timeline.Changes[0].At))

	_, err = watcher.Wait(t.Context())
	require.NoError(t, err)
	for _, change := range watcher.Timeline().Changes {
		assert.Equal(t, "healthy", change.State, "a second watch has a timeline of its own")
	}
}
