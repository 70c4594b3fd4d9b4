package athena_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/athena"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "InvalidRequestException" }
	wiretest.Refusals(t, newFixture(t).service.Wire(), athena.Refusals, code, wiretest.MayMiss)
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const arn = "arn:aws:athena:us-west-2:123456789012:workgroup/"
	for operation, in := range map[string]object{
		"ListTagsForResource": {}, "TagResource": {"Tags": []object{{"Key": "a", "Value": "b"}}}, "UntagResource": {"TagKeys": []string{"a"}},
	} {
		in["ResourceARN"] = arn + "none"
		assert.Equal(t, "ResourceNotFoundException", f.call(t, operation, in, nil).Code, operation)
	}
	reserved := object{"ResourceARN": arn + "logs", "Tags": []object{{"Key": "aws:a", "Value": "b"}}}
	f.call(t, "TagResource", reserved, nil).Refused(t, "InvalidRequestException")
}
