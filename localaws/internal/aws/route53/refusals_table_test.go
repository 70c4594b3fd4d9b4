package route53_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	paths := map[string]string{
		"CreateHostedZone": "/hostedzone", "UpdateHostedZoneComment": "/hostedzone/" + f.seed,
		"ChangeResourceRecordSets": "/hostedzone/" + f.seed + "/rrset", "ChangeTagsForResource": "/tags/hostedzone/" + f.seed,
	}
	wiretest.RefusalsOfXML(t, f.service.Operations(), route53.Refusals, wiretest.XMLBodies{
		Items: map[string]string{"Changes": "Change", "ResourceRecords": "ResourceRecord", "AddTags": "Tag", "RemoveTagKeys": "Key"},
		Code:  "InvalidInput",
		Send: func(operation, members string) *wiretest.Reply {
			return f.XML(t, "route53", "POST", api+paths[operation], fmt.Sprintf("<%sRequest>%s</%sRequest>", operation, members, operation), nil)
		},
	}, wiretest.MayMiss)
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tags := "<ChangeTagsForResourceRequest><RemoveTagKeys><Key>a</Key></RemoveTagKeys></ChangeTagsForResourceRequest>"
	private := f.createZone(t, "internal.localaws.test", "<VPC><VPCRegion>us-west-2</VPCRegion><VPCId>vpc-1</VPCId></VPC>").id()
	create := func(members string) string {
		return "<CreateHostedZoneRequest><CallerReference>new</CallerReference>" + members + "</CreateHostedZoneRequest>"
	}
	for request, c := range map[string]struct{ body, code string }{
		"GET /hostedzone/ZNONE":                       {"", "NoSuchHostedZone"},
		"POST /hostedzone/ZNONE":                      {"<UpdateHostedZoneCommentRequest><Comment>a</Comment></UpdateHostedZoneCommentRequest>", "NoSuchHostedZone"},
		"DELETE /hostedzone/ZNONE":                    {"", "NoSuchHostedZone"},
		"GET /hostedzone/ZNONE/dnssec":                {"", "NoSuchHostedZone"},
		"GET /hostedzone/ZNONE/rrset":                 {"", "NoSuchHostedZone"},
		"GET /tags/hostedzone/ZNONE":                  {"", "NoSuchHostedZone"},
		"POST /tags/hostedzone/ZNONE":                 {tags, "NoSuchHostedZone"},
		"GET /change/CNONE":                           {"", "NoSuchChange"},
		"GET /hostedzone/" + private + "/dnssec":      {"", "InvalidArgument"},
		"GET /hostedzonesbyname?dnsname=a..b":         {"", "InvalidDomainName"},
		"GET /hostedzonesbyname?maxitems=x":           {"", "InvalidInput"},
		"GET /hostedzone/" + f.seed + "/rrset?type=A": {"", "InvalidInput"},
		"POST /hostedzone":                            {create("<Name>a..b</Name>"), "InvalidDomainName"},
		"POST /hostedzone/":                           {create("<Name>a.test</Name><HostedZoneConfig><PrivateZone>true</PrivateZone></HostedZoneConfig>"), "InvalidInput"},
	} {
		method, path, _ := strings.Cut(request, " ")
		assert.Equal(t, c.code, f.XML(t, "route53", method, api+path, c.body, nil).Code, request)
	}
	f.change(t, "ZNONE", "CREATE a.localaws.test A 60 192.0.2.1").Refused(t, "NoSuchHostedZone")
}

func TestNamesOfRecords(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{strings.Repeat("a", 64) + ".localaws.test", "a..localaws.test", strings.Repeat("a.", 130) + "localaws.test", `a\9.localaws.test`} {
		assert.Contains(t, f.change(t, f.seed, "CREATE "+name+" A 60 192.0.2.1").Refused(t, "InvalidChangeBatch").Message, "DomainNameInvalid", name)
	}
	alias := "<AliasTarget><HostedZoneId>Z</HostedZoneId><DNSName>a..b</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>"
	f.change(t, f.seed, "CREATE a.localaws.test A "+alias).Refused(t, "InvalidChangeBatch")
}
