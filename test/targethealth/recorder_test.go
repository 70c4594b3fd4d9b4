package targethealth

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
)

// answers is an ELB that gives one answer after the other, and the last one
// again and again.
type answers struct {
	list []any // the state of the one target, an error, or nil for no target
	next int
	all  chan struct{} // closed when the last one was given
}

func (a *answers) DescribeTargetHealth(context.Context, *elasticloadbalancingv2.DescribeTargetHealthInput, ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeTargetHealthOutput, error) {
	answer := a.list[min(a.next, len(a.list)-1)]
	a.next++
	if a.next == len(a.list)+1 { // the last one has been taken up
		close(a.all)
	}
	out := &elasticloadbalancingv2.DescribeTargetHealthOutput{}
	switch answer := answer.(type) {
	case error:
		return nil, answer
	case elbtypes.TargetHealthStateEnum:
		out.TargetHealthDescriptions = []elbtypes.TargetHealthDescription{{
			Target: &elbtypes.TargetDescription{Id: aws.String("i-1"), Port: aws.Int32(32768)}, TargetHealth: &elbtypes.TargetHealth{State: answer},
		}}
	}
	return out, nil
}

func TestRecorderSeesWhatHappens(t *testing.T) {
	t.Parallel()
	elb := &answers{all: make(chan struct{}), list: []any{
		nil, elbtypes.TargetHealthStateEnumInitial, errors.New("Throttling"), elbtypes.TargetHealthStateEnumInitial,
		elbtypes.TargetHealthStateEnumHealthy, elbtypes.TargetHealthStateEnumDraining, &elbtypes.TargetGroupNotFoundException{},
	}}
	r := NewRecorder(t.Context(), elb, time.Millisecond)
	r.Add("arn:group")
	<-elb.all
	timeline := r.Stop()
	var states []string
	for _, change := range timeline.Changes {
		assert.Equal(t, []string{"arn:group", "i-1:32768"}, []string{change.Key, change.Target})
		states = append(states, change.State)
	}
	assert.Equal(t, []string{"initial", "healthy", "draining", Gone}, states)
	assert.True(t, timeline.Ended.After(timeline.Began))
}

func TestRecorderWithoutGroupsAsksNothing(t *testing.T) {
	t.Parallel()
	elb := &answers{}
	assert.Empty(t, NewRecorder(t.Context(), elb, time.Millisecond).Stop().Changes)
	assert.Zero(t, elb.next)
}
