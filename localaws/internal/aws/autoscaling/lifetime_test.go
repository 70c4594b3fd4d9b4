package autoscaling_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const day = 24 * time.Hour

// replacements takes the group on until it rests, and returns the lowest number of
// instances in service meanwhile and the highest number of all.
func (c *cloud) replacements() (least, most int) {
	c.t.Helper()
	least = len(c.ids())
	for range 100 {
		changed, _ := c.service.Step()
		n := c.states()
		least = min(least, n["InService"])
		most = max(most, n["InService"]+n["Pending"])
		if moved := c.machines.move(); !changed && !moved {
			break
		}
	}
	return least, most
}

// endings are the causes of the terminations.
func (c *cloud) endings() (causes []string) {
	for _, a := range c.activities() {
		if strings.HasPrefix(a.Description, "Terminating") {
			causes = append(causes, a.Cause)
		}
	}
	return causes
}

func TestMaxInstanceLifetime(t *testing.T) {
	t.Parallel()
	launchFirst := form{"InstanceMaintenancePolicy.MinHealthyPercentage": "100", "InstanceMaintenancePolicy.MaxHealthyPercentage": "200"}
	for name, test := range map[string]struct {
		more        form
		least, most int
		ids         []string
	}{
		"terminate first":     {nil, 1, 2, []string{"i-03", "i-04"}},
		"launch first":        {launchFirst, 2, 3, []string{"i-03", "i-04"}},
		"protected ones stay": {form{"NewInstancesProtectedFromScaleIn": "true"}, 2, 2, []string{"i-01", "i-02"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			more := form{"MaxInstanceLifetime": "2592000"}
			for k, v := range test.more {
				more[k] = v
			}
			c.group(2, 2, more)
			assert.Contains(t, string(c.call("DescribeAutoScalingGroups", form{}, nil).OK(t).Body), "<MaxInstanceLifetime>2592000</MaxInstanceLifetime>")
			c.pass(30*day - time.Second)
			assert.Equal(t, []string{"i-01", "i-02"}, c.ids(), "their time is not over")
			c.clock.Advance(time.Second)
			least, most := c.replacements()
			assert.Equal(t, test.ids, c.ids())
			assert.Equal(t, test.least, least, "instances in service at least")
			assert.Equal(t, test.most, most, "instances at most")
			for _, cause := range c.endings() {
				assert.Regexp(t, `^At \S+Z an instance was taken out of service in response to a max instance lifetime action\.$`, cause)
			}
		})
	}
}

// The next step comes when the first instance's time is over, and 0 ends it all.
func TestLifetimeWakesTheGroup(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(1, 1, form{"MaxInstanceLifetime": "86400"})
	_, again := c.service.Step()
	assert.WithinDuration(t, c.clock.Now().Add(day), again, time.Minute)

	c.call("UpdateAutoScalingGroup", of(form{"MaxInstanceLifetime": "0"}), nil).OK(t)
	assert.NotContains(t, string(c.call("DescribeAutoScalingGroups", form{}, nil).OK(t).Body), "MaxInstanceLifetime")
	c.pass(2 * day)
	assert.Equal(t, []string{"i-01"}, c.ids())
}
