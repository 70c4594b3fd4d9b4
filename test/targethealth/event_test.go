package targethealth

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUnhealthyInEvent(t *testing.T) {
	t.Parallel()
	group := Group{Key: "extra", ARN: "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web-8081/0123456789abcdef", ContainerPort: 8081}
	const before = "(service web) (task 0f1e) (instance i-1) (port 32770) is unhealthy in (target-group "
	for name, c := range map[string]struct {
		message string
		want    Target
		found   bool
	}{
		"code mismatch": {
			before + "web-8081) due to (reason Health checks failed with these codes: [404])",
			Target{InstanceID: "i-1", HostPort: 32770, Reason: "Target.ResponseCodeMismatch", Description: "Health checks failed with these codes: [404]"}, true,
		},
		"refused": {
			before + "web-8081) due to (reason Health checks failed)",
			Target{InstanceID: "i-1", HostPort: 32770, Reason: "Target.FailedHealthChecks", Description: "Health checks failed"}, true,
		},
		"timeout": {
			before + "web-8081) due to (reason Request timed out)",
			Target{InstanceID: "i-1", HostPort: 32770, Reason: "Target.Timeout", Description: "Request timed out"}, true,
		},
		"by its ARN": {
			before + group.ARN + ") due to (reason Request timed out)",
			Target{InstanceID: "i-1", HostPort: 32770, Reason: "Target.Timeout", Description: "Request timed out"}, true,
		},
		"another group": {before + "web-80) due to (reason Health checks failed)", Target{}, false},
		"another event": {"(service web) has reached a steady state.", Target{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, found := unhealthyInEvent(c.message, group)
			assert.Equal(t, c.found, found)
			assert.Equal(t, c.want, target)
		})
	}
}
