package targethealth

import (
	"testing"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
)

func TestUnhealthyInEvent(t *testing.T) {
	t.Parallel()
	group := Group{Key: "extra", Listener: "HTTPS:8081", ARN: "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web-8081/0123456789abcdef", ContainerPort: 8081}
	unhealthy := func(reason, description string) Target {
		return Target{
			Key: "extra", Listener: "HTTPS:8081", InstanceID: "i-1", HostPort: 32770, ContainerPort: 8081, State: "unhealthy", Reason: reason, Description: description,
		}
	}
	const before = "(service web) (task 0f1e) (instance i-1) (port 32770) is unhealthy in (target-group "
	for name, c := range map[string]struct {
		message string
		want    Target
		found   bool
	}{
		"code mismatch": {
			before + "web-8081) due to (reason Health checks failed with these codes: [404])",
			unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]"), true,
		},
		"refused": {
			before + "web-8081) due to (reason Health checks failed)",
			unhealthy("Target.FailedHealthChecks", "Health checks failed"), true,
		},
		"timeout": {
			before + "web-8081) due to (reason Request timed out)",
			unhealthy("Target.Timeout", "Request timed out"), true,
		},
		"by its ARN": {
			before + group.ARN + ") due to (reason Request timed out)",
			unhealthy("Target.Timeout", "Request timed out"), true,
		},
		"another group": {before + "web-80) due to (reason Health checks failed)", Target{}, false},
		"another event": {"(service web) has reached a steady state.", Target{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, found := unhealthyInEvent(ecstypes.ServiceEvent{Message: &c.message}, group)
			assert.Equal(t, c.found, found)
			assert.Equal(t, c.want, target)
		})
	}
}
