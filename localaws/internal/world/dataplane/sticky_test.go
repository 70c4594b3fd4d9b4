package dataplane

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// twoGroups is a listener that spreads over the groups "blue" and "green",
// each with one healthy target that says its name.
func (w *world) twoGroups(blue, green int32, sticky bool) (*http.Client, types.TargetGroup) {
	w.t.Helper()
	lb := w.balancer()
	var tuples []types.TargetGroupTuple
	var groups []types.TargetGroup
	for i, name := range []string{"blue", "green"} {
		group := w.group(name)
		groups = append(groups, group)
		tuples = append(tuples, types.TargetGroupTuple{TargetGroupArn: group.TargetGroupArn, Weight: &[]int32{blue, green}[i]})
	}
	w.listener(lb, 8080, []types.Action{{Type: "forward", ForwardConfig: &types.ForwardActionConfig{
		TargetGroups:                tuples,
		TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: &sticky, DurationSeconds: aws.Int32(604800)},
	}}})
	for i, name := range []string{"blue", "green"} {
		at := w.serve([]string{"i-1", "i-2"}[i], http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				http.SetCookie(out, &http.Cookie{Name: "session", Value: "1"})
			}
			_, _ = out.Write([]byte(name))
		}))
		w.register(groups[i], at)
		w.waitFor(groups[i], at, types.TargetHealthStateEnumHealthy)
	}
	return w.http(w.waitListening(lb, 8080)), groups[0]
}

func bodies(t *testing.T, client *http.Client, count int, cookies ...*http.Cookie) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for range count {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/", nil)
		require.NoError(t, err)
		for _, cookie := range cookies {
			request.AddCookie(cookie)
		}
		_, body := do(t, client, request)
		seen[body]++
	}
	return seen
}

func TestGroupsGetTheirShare(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t).twoGroups(3, 1, false)
	seen := bodies(t, client, 400)
	assert.InDelta(t, 300, seen["blue"], 60)
	assert.InDelta(t, 100, seen["green"], 60)
}

func TestWeightZeroGetsNothing(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t).twoGroups(0, 1, false)
	assert.Equal(t, map[string]int{"green": 30}, bodies(t, client, 30))
}

func TestClientStaysAtItsGroup(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t).twoGroups(1, 1, true)
	response, first := get(t, client, "http://x/")
	require.NotEmpty(t, response.Cookies())
	assert.Equal(t, "AWSALBTG", response.Cookies()[0].Name)
	assert.Equal(t, map[string]int{first: 30}, bodies(t, client, 30, response.Cookies()[0]))
	forged := &http.Cookie{Name: "AWSALBTG", Value: "nonsense"}
	assert.Len(t, bodies(t, client, 60, forged), 2, "a cookie that is none is ignored")
}

func TestApplicationCookieBeginsTheStickiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, group := w.twoGroups(1, 0, false)
	w.set(group, "stickiness.app_cookie.cookie_name", "session")
	w.set(group, "stickiness.type", "app_cookie")
	w.set(group, "stickiness.enabled", "true")
	require.Eventually(t, func() bool {
		response, _ := get(t, client, "http://x/login")
		return len(response.Cookies()) == 2 && response.Cookies()[1].Name == "AWSALBAPP-0"
	}, waitLong, poll)
	response, _ := get(t, client, "http://x/")
	assert.Empty(t, response.Cookies(), "the application has set no cookie")
}
