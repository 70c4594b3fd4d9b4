package acm_test

import (
	"fmt"
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/acm"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	a, _ := wiretest.NewAccount()
	service := acm.New(a, zones{}, nil).Wire()
	wiretest.Refusals(t, service, acm.Refusals, func(string) string { return "ValidationException" }, wiretest.MayMiss)
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const none = "arn:aws:acm:us-west-2:123456789012:certificate/0"
	tags := []object{{"Key": "a", "Value": "b"}}
	for operation, in := range map[string]object{
		"DescribeCertificate": {}, "DeleteCertificate": {}, "ListTagsForCertificate": {}, "UpdateCertificateOptions": {"Options": object{"Export": "ENABLED"}},
		"AddTagsToCertificate": {"Tags": tags}, "RemoveTagsFromCertificate": {"Tags": tags},
	} {
		in["CertificateArn"] = none
		f.call(t, operation, in, nil).Refused(t, "ResourceNotFoundException")
	}
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("n%d.localaws.test", i))
	}
	f.call(t, "RequestCertificate", object{"DomainName": "a.localaws.test", "SubjectAlternativeNames": names}, nil).Refused(t, "LimitExceededException")
}
