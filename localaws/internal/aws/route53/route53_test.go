package route53_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

const api = "/2013-04-01"

// fixture is a Route 53 with the registered domain localaws.test.
type fixture struct {
	*wiretest.Server
	account *core.Account
	clock   *clock.Fake
	service *route53.Service
	seed    string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, fake := wiretest.NewAccount()
	service := route53.New(a)
	f := &fixture{account: a, clock: fake, service: service}
	a.Do(func() { f.seed = service.SeedZone("localaws.test") })
	f.Server = wiretest.NewServer(t, a, service.Wire())
	return f
}

type zone struct {
	HostedZone struct {
		ID                     string `xml:"Id"`
		Name                   string
		ResourceRecordSetCount int
		Config                 struct {
			Comment     string
			PrivateZone bool
		}
	}
	NameServers []string `xml:"DelegationSet>NameServers>NameServer"`
	VPCs        []string `xml:"VPCs>VPC>VPCId"`
	Change      change   `xml:"ChangeInfo"`
}

type change struct {
	ID     string `xml:"Id"`
	Status string
}

func (z *zone) id() string { return strings.TrimPrefix(z.HostedZone.ID, "/hostedzone/") }

func (f *fixture) createZone(t *testing.T, name, more string) *zone {
	t.Helper()
	var z zone
	f.XML(t, "route53", "POST", api+"/hostedzone", fmt.Sprintf(
		`<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>%s</Name><CallerReference>%s</CallerReference>%s</CreateHostedZoneRequest>`,
		name, ids.UUID(), more), &z).OK(t)
	return &z
}

// change sends changes, each "ACTION name type ttl value"; a value may hold
// blanks, and a ttl that begins with "<" is XML that replaces ttl and value.
func (f *fixture) change(t *testing.T, zoneID string, changes ...string) *wiretest.Reply {
	t.Helper()
	var b strings.Builder
	for _, c := range changes {
		parts := strings.SplitN(c, " ", 5)
		var content string
		if strings.HasPrefix(parts[3], "<") {
			content = strings.Join(parts[3:], " ")
		} else {
			content = fmt.Sprintf("<TTL>%s</TTL><ResourceRecords><ResourceRecord><Value>%s</Value></ResourceRecord></ResourceRecords>", parts[3], parts[4])
		}
		fmt.Fprintf(&b, "<Change><Action>%s</Action><ResourceRecordSet><Name>%s</Name><Type>%s</Type>%s</ResourceRecordSet></Change>",
			parts[0], parts[1], parts[2], content)
	}
	return f.XML(t, "route53", "POST", api+"/hostedzone/"+zoneID+"/rrset/",
		"<ChangeResourceRecordSetsRequest><ChangeBatch><Changes>"+b.String()+"</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>", nil)
}

func (f *fixture) lookup(name, rrtype string) (answer route53.Answer) {
	f.account.Do(func() { answer = f.service.Lookup(name, rrtype) })
	return answer
}

func TestHostedZoneLifecycle(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	created := f.createZone(t, "Apps.Localaws.Test", "<HostedZoneConfig><Comment>mine</Comment></HostedZoneConfig>")
	assert.Equal(t, "apps.localaws.test.", created.HostedZone.Name)
	assert.Len(t, created.NameServers, 4)
	assert.Equal(t, "PENDING", created.Change.Status)

	var read zone
	f.XML(t, "route53", "GET", api+"/hostedzone/"+created.id(), "", &read).OK(t)
	assert.Equal(t, created.HostedZone, read.HostedZone)
	assert.Equal(t, created.NameServers, read.NameServers)
	assert.Equal(t, 2, read.HostedZone.ResourceRecordSetCount)
	assert.Equal(t, "mine", read.HostedZone.Config.Comment)

	f.change(t, created.id(), "CREATE www.apps.localaws.test A 60 192.0.2.1").OK(t)
	f.XML(t, "route53", "DELETE", api+"/hostedzone/"+created.id(), "", nil).Refused(t, "HostedZoneNotEmpty")
	f.change(t, created.id(), "DELETE www.apps.localaws.test A 60 192.0.2.1").OK(t)
	f.XML(t, "route53", "DELETE", api+"/hostedzone/"+created.id(), "", nil).OK(t)
	gone := f.XML(t, "route53", "GET", api+"/hostedzone/"+created.id(), "", nil).Refused(t, "NoSuchHostedZone")
	assert.Equal(t, 404, gone.Status)
}

func TestCallerReferenceIsUsedOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	body := "<CreateHostedZoneRequest><Name>a.localaws.test</Name><CallerReference>once</CallerReference></CreateHostedZoneRequest>"
	f.XML(t, "route53", "POST", api+"/hostedzone", body, nil).OK(t)
	f.XML(t, "route53", "POST", api+"/hostedzone", body, nil).Refused(t, "HostedZoneAlreadyExists")
}

func TestUnknownElementsAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	reply := f.XML(t, "route53", "POST", api+"/hostedzone", "<CreateHostedZoneRequest><Colour>red</Colour></CreateHostedZoneRequest>", nil)
	reply.Refused(t, "InvalidInput")
	assert.Contains(t, reply.Message, "Colour")
	reply = f.XML(t, "route53", "GET", api+"/hostedzone?nexttoken=x", "", nil)
	assert.Contains(t, reply.Refused(t, "UnsupportedParameter").Message, "nexttoken of ListHostedZones")
	assert.Equal(t, 400, f.XML(t, "route53", "GET", api+"/healthcheck", "", nil).Status)
}

func TestChangesReachTheNameServersAfterAWhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { f.service.Run(ctx) })
	defer running.Wait()
	defer cancel()

	created := f.createZone(t, "apps.localaws.test", "")
	status := func() string {
		var got struct{ ChangeInfo change }
		f.XML(t, "route53", "GET", api+"/change/"+strings.TrimPrefix(created.Change.ID, "/change/"), "", &got).OK(t)
		return got.ChangeInfo.Status
	}
	require.Equal(t, "PENDING", status())
	f.clock.Advance(10 * time.Second)
	require.Eventually(t, func() bool { return status() == "INSYNC" }, 5*time.Second, 5*time.Millisecond)
}

func TestPrivateZones(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	created := f.createZone(t, "internal.localaws.test", "<VPC><VPCRegion>us-west-2</VPCRegion><VPCId>vpc-1</VPCId></VPC>")
	assert.True(t, created.HostedZone.Config.PrivateZone)
	path := api + "/hostedzone/" + created.id()
	var read zone
	f.XML(t, "route53", "GET", path, "", &read).OK(t)
	assert.Equal(t, []string{"vpc-1"}, read.VPCs)
	assert.Empty(t, read.NameServers)

	f.change(t, created.id(), "CREATE db.internal.localaws.test A 60 10.0.0.1").OK(t)
	assert.Empty(t, f.lookup("db.internal.localaws.test", "A").Records, "the world must not see a private zone")
}

func TestChangeBatchRules(t *testing.T) {
	t.Parallel()
	weighted := func(id, weight, address string) string {
		return fmt.Sprintf("w.localaws.test A <SetIdentifier>%s</SetIdentifier><Weight>%s</Weight><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>%s</Value></ResourceRecord></ResourceRecords>", id, weight, address)
	}
	alias := func(zoneID, name string) string {
		return fmt.Sprintf("<AliasTarget><HostedZoneId>%s</HostedZoneId><DNSName>%s</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>", zoneID, name)
	}
	tests := []struct {
		name    string
		before  []string
		changes []string
		wrong   string // "" for a good batch
	}{
		{"create", nil, []string{"CREATE a.localaws.test A 60 192.0.2.1"}, ""},
		{"create twice", []string{"CREATE a.localaws.test A 60 192.0.2.1"}, []string{"CREATE A.localaws.test. A 60 192.0.2.2"}, "but it already exists"},
		{"upsert twice", []string{"UPSERT a.localaws.test A 60 192.0.2.1"}, []string{"UPSERT a.localaws.test A 60 192.0.2.2"}, ""},
		{"delete what is not there", nil, []string{"DELETE a.localaws.test A 60 192.0.2.1"}, "but it was not found"},
		{"delete another value", []string{"CREATE a.localaws.test A 60 192.0.2.1"}, []string{"DELETE a.localaws.test A 60 192.0.2.2"}, "do not match the current values"},
		{"delete another ttl", []string{"CREATE a.localaws.test A 60 192.0.2.1"}, []string{"DELETE a.localaws.test A 61 192.0.2.1"}, "do not match the current values"},
		{"delete and create in one", []string{"CREATE a.localaws.test A 60 192.0.2.1"}, []string{"DELETE a.localaws.test A 60 192.0.2.1", "CREATE a.localaws.test CNAME 60 b.localaws.test"}, ""},
		{"outside the zone", nil, []string{"CREATE a.example.com A 60 192.0.2.1"}, "is not permitted in zone localaws.test."},
		{"suffix that is not a parent", nil, []string{"CREATE alocalaws.test A 60 192.0.2.1"}, "is not permitted in zone localaws.test."},
		{"cname at apex", nil, []string{"CREATE localaws.test CNAME 60 b.localaws.test"}, "is not permitted at apex"},
		{"cname beside a", []string{"CREATE a.localaws.test A 60 192.0.2.1"}, []string{"CREATE a.localaws.test CNAME 60 b.localaws.test"}, "conflicts with other records with the same DNS name"},
		{"a beside cname", []string{"CREATE a.localaws.test CNAME 60 b.localaws.test"}, []string{"CREATE a.localaws.test A 60 192.0.2.1"}, "conflicts with other records with the same DNS name"},
		{"two weighted", nil, []string{"CREATE " + weighted("a", "1", "192.0.2.1"), "CREATE " + weighted("b", "1", "192.0.2.2")}, ""},
		{"simple beside weighted", []string{"CREATE " + weighted("a", "1", "192.0.2.1")}, []string{"CREATE w.localaws.test A 60 192.0.2.2"}, "set exists with the same name and type"},
		{"alias to a record of the zone", []string{"CREATE a.localaws.test A 60 192.0.2.1"}, []string{"CREATE b.localaws.test A " + alias("SEED", "a.localaws.test")}, ""},
		{"alias to nothing", nil, []string{"CREATE b.localaws.test A " + alias("SEED", "a.localaws.test")}, "that target was not found"},
		{"alias to a load balancer", nil, []string{"CREATE b.localaws.test A " + alias("ZLB", "dualstack.lb-1.elb.amazonaws.com")}, ""},
		{"alias to no load balancer", nil, []string{"CREATE b.localaws.test A " + alias("ZLB", "lb-2.elb.amazonaws.com")}, "does not lie within the target zone"},
		{"bad address", nil, []string{"CREATE a.localaws.test A 60 300.0.2.1"}, "not a valid IPv4 address"},
		{"bad caa", nil, []string{"CREATE localaws.test CAA 60 0 issue amazon.com"}, "quotation marks"},
		{"good caa", nil, []string{`CREATE localaws.test CAA 60 0 issue "amazon.com"`}, ""},
		{"text without quotes", nil, []string{"CREATE a.localaws.test TXT 60 hello"}, "quotation marks"},
		{"good mx", nil, []string{"CREATE localaws.test MX 60 10 mail.localaws.test"}, ""},
		{"bad mx", nil, []string{"CREATE localaws.test MX 60 mail.localaws.test"}, "2 fields"},
		{"unknown type", nil, []string{"CREATE a.localaws.test NAPTR 60 x"}, "Invalid record type"},
		{"soa deleted", nil, []string{"DELETE localaws.test SOA 900 x"}, "do not match the current values"},
		{"all or nothing", nil, []string{"CREATE good.localaws.test A 60 192.0.2.1", "CREATE bad.localaws.test A 60 x"}, "not a valid IPv4 address"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.service.CheckAliases(targets{"dualstack.lb-1.elb.amazonaws.com": "ZLB"})
			for i := range test.changes {
				test.changes[i] = strings.ReplaceAll(test.changes[i], "SEED", f.seed)
			}
			if test.before != nil {
				f.change(t, f.seed, test.before...).OK(t)
			}
			reply := f.change(t, f.seed, test.changes...)
			if test.wrong == "" {
				reply.OK(t)
				return
			}
			reply.Refused(t, "InvalidChangeBatch")
			assert.Contains(t, reply.Message, test.wrong)
			assert.False(t, f.lookup("good.localaws.test", "A").Exists, "a refused batch must change nothing")
		})
	}
}

// TestChangesThatAreNoRequests: what is wrong with a change by itself is no
// matter of the batch.
func TestChangesThatAreNoRequests(t *testing.T) {
	t.Parallel()
	const (
		value = "<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>"
		alias = "<AliasTarget><HostedZoneId>Z</HostedZoneId><DNSName>b.localaws.test</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>"
	)
	for name, c := range map[string]struct{ change, message string }{
		"weight without identifier": {
			"CREATE a.localaws.test A <Weight>1</Weight>" + value,
			"Invalid request: Missing field 'SetIdentifier' in Change with [Action=CREATE, Name=a.localaws.test, Type=A, SetIdentifier=null]",
		},
		"identifier without policy": {
			"DELETE a.localaws.test A <SetIdentifier>x</SetIdentifier>" + value,
			"Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], but found none in Change with [Action=DELETE, Name=a.localaws.test, Type=A, SetIdentifier=x]",
		},
		"no value": {
			"UPSERT a.localaws.test A <TTL>60</TTL>",
			"Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action=UPSERT, Name=a.localaws.test, Type=A, SetIdentifier=null]",
		},
		"alias with a value": {
			"CREATE a.localaws.test A " + alias + value,
			"Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found more than one in Change with [Action=CREATE, Name=a.localaws.test, Type=A, SetIdentifier=null]",
		},
		"two policies": {
			"CREATE a.localaws.test A <SetIdentifier>x</SetIdentifier><Weight>1</Weight><Failover>PRIMARY</Failover>" + value,
			"Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], but found more than one in Change with [Action=CREATE, Name=a.localaws.test, Type=A, SetIdentifier=x]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			assert.Equal(t, c.message, f.change(t, f.seed, c.change).Refused(t, "InvalidInput").Message)
		})
	}
}

type targets map[string]string

func (a targets) OwnsAlias(name, zoneID string) bool { return a[name] == zoneID }

func TestLookupFollowsDelegation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	sub := f.createZone(t, "sub.localaws.test", "")
	twin := f.createZone(t, "sub.localaws.test", "")
	f.change(t, sub.id(), "CREATE www.sub.localaws.test A 60 192.0.2.1").OK(t)
	f.change(t, twin.id(), "CREATE www.sub.localaws.test A 60 192.0.2.2").OK(t)
	stray := f.createZone(t, "example.com", "")
	f.change(t, stray.id(), "CREATE www.example.com A 60 192.0.2.3").OK(t)

	assert.False(t, f.lookup("www.sub.localaws.test", "A").Exists, "no zone delegates to it yet")
	assert.Empty(t, f.lookup("www.example.com", "A").Zone, "the domain is not registered")

	delegate := func(z *zone) string {
		values := ""
		for _, ns := range z.NameServers {
			values += "<ResourceRecord><Value>" + ns + ".</Value></ResourceRecord>"
		}
		return "UPSERT sub.localaws.test NS <TTL>60</TTL><ResourceRecords>" + values + "</ResourceRecords>"
	}
	for _, test := range []struct {
		to   *zone
		want string
	}{{sub, "192.0.2.1"}, {twin, "192.0.2.2"}} {
		f.change(t, f.seed, delegate(test.to)).OK(t)
		answer := f.lookup("WWW.sub.localaws.test.", "A")
		require.Len(t, answer.Records, 1)
		assert.Equal(t, []string{test.want}, answer.Records[0].Values)
		assert.Equal(t, "sub.localaws.test.", answer.Zone)
	}

	f.change(t, f.seed, "UPSERT sub.localaws.test NS 60 ns.elsewhere.example.").OK(t)
	assert.Equal(t, "sub.localaws.test.", f.lookup("www.sub.localaws.test", "A").Lame)
}

func TestLookupWildcardsAndExistence(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.change(t, f.seed,
		"CREATE *.localaws.test A 60 192.0.2.1",
		"CREATE a.b.localaws.test A 60 192.0.2.2",
		"CREATE c.localaws.test CNAME 60 a.b.localaws.test").OK(t)
	tests := []struct {
		name, rrtype string
		exists       bool
		values       []string
	}{
		{"x.localaws.test", "A", true, []string{"192.0.2.1"}},
		{"y.x.localaws.test", "A", true, []string{"192.0.2.1"}},
		{"x.localaws.test", "TXT", true, nil},
		{"b.localaws.test", "A", true, nil},      // only because of what is below it
		{"x.b.localaws.test", "A", false, nil},   // b exists, and has no wildcard
		{"a.b.localaws.test", "AAAA", true, nil}, // NODATA
		{"c.localaws.test", "A", true, []string{"a.b.localaws.test"}},
		{"localaws.test", "SOA", true, nil},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.rrtype, func(t *testing.T) {
			t.Parallel()
			answer := f.lookup(test.name, test.rrtype)
			assert.Equal(t, test.exists, answer.Exists)
			if test.rrtype == "SOA" {
				require.Len(t, answer.Records, 1)
				return
			}
			var values []string
			for _, r := range answer.Records {
				values = append(values, r.Values...)
			}
			assert.Equal(t, test.values, values)
		})
	}
}

func TestListResourceRecordSetsPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"b", "a", "z.a", "*"} {
		f.change(t, f.seed, "CREATE "+name+".localaws.test A 60 192.0.2.1").OK(t)
	}
	type page struct {
		Names          []string `xml:"ResourceRecordSets>ResourceRecordSet>Name"`
		IsTruncated    bool
		NextRecordName string
		NextRecordType string
	}
	var names []string
	path := api + "/hostedzone/" + f.seed + "/rrset?maxitems=2"
	for query := ""; ; {
		var got page
		f.XML(t, "route53", "GET", path+query, "", &got).OK(t)
		names = append(names, got.Names...)
		if !got.IsTruncated {
			break
		}
		query = "&name=" + got.NextRecordName + "&type=" + got.NextRecordType
		query = strings.ReplaceAll(query, `\`, "%5C")
	}
	assert.Equal(t, []string{
		"localaws.test.", "localaws.test.", `\052.localaws.test.`, "a.localaws.test.", "z.a.localaws.test.", "b.localaws.test.",
	}, names)
}

// Members that the API's model requires are there, no others, and ids fit.
func TestAnswersAreThoseOfTheModel(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	private := f.createZone(t, "internal.test", "<VPC><VPCRegion>us-west-2</VPCRegion><VPCId>vpc-1</VPCId></VPC>")
	assert.LessOrEqual(t, len(private.HostedZone.ID), 32)
	assert.Regexp(t, "^/hostedzone/Z[0-9A-Z]+$", private.HostedZone.ID)
	assert.LessOrEqual(t, len(private.Change.ID), 32)
	assert.Empty(t, private.VPCs, "GetHostedZone has VPCs, CreateHostedZone the one VPC")
	list := f.XML(t, "route53", "GET", api+"/hostedzone", "", nil).OK(t)
	assert.Contains(t, string(list.Body), "<Marker></Marker>")
	tagged := f.XML(t, "route53", "POST", api+"/tags/hostedzone/"+private.id(),
		`<ChangeTagsForResourceRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><AddTags><Tag><Key>a</Key><Value></Value></Tag></AddTags></ChangeTagsForResourceRequest>`, nil).OK(t)
	assert.Regexp(t, "<ChangeTagsForResourceResponse [^>]*></ChangeTagsForResourceResponse>$", string(tagged.Body))
	tags := f.XML(t, "route53", "GET", api+"/tags/hostedzone/"+private.id(), "", nil).OK(t)
	assert.Contains(t, string(tags.Body), "<Tag><Key>a</Key><Value></Value></Tag>")
}

func TestListHostedZonesPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ids := []string{f.seed, f.createZone(t, "b.localaws.test", "").id(), f.createZone(t, "a.localaws.test", "").id()}
	slices.Sort(ids)
	type page struct {
		IDs         []string `xml:"HostedZones>HostedZone>Id"`
		IsTruncated bool
		NextMarker  string
	}
	var first, second page
	f.XML(t, "route53", "GET", api+"/hostedzone?maxitems=2", "", &first).OK(t)
	assert.Equal(t, []string{"/hostedzone/" + ids[0], "/hostedzone/" + ids[1]}, first.IDs)
	assert.Equal(t, ids[2], first.NextMarker)
	f.XML(t, "route53", "GET", api+"/hostedzone?maxitems=200&marker="+first.NextMarker, "", &second).OK(t)
	assert.Equal(t, page{IDs: []string{"/hostedzone/" + ids[2]}}, second)
	f.XML(t, "route53", "GET", api+"/hostedzone?maxitems=0", "", nil).Refused(t, "InvalidInput")
}

func TestListHostedZonesByName(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.createZone(t, "b.localaws.test", "")
	f.createZone(t, "a.localaws.test", "")
	type page struct {
		Names       []string `xml:"HostedZones>HostedZone>Name"`
		NextDNSName string
	}
	var got page
	f.XML(t, "route53", "GET", api+"/hostedzonesbyname?dnsname=a.localaws.test&maxitems=1", "", &got).OK(t)
	assert.Equal(t, []string{"a.localaws.test."}, got.Names)
	assert.Equal(t, "b.localaws.test.", got.NextDNSName)
}

func TestTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := api + "/tags/hostedzone/" + f.seed
	f.XML(t, "route53", "POST", path, "<ChangeTagsForResourceRequest><AddTags><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></AddTags></ChangeTagsForResourceRequest>", nil).OK(t)
	f.XML(t, "route53", "POST", path, "<ChangeTagsForResourceRequest><RemoveTagKeys><Key>a</Key></RemoveTagKeys></ChangeTagsForResourceRequest>", nil).OK(t)
	var got struct {
		Keys []string `xml:"ResourceTagSet>Tags>Tag>Key"`
	}
	f.XML(t, "route53", "GET", path, "", &got).OK(t)
	assert.Equal(t, []string{"b"}, got.Keys)
	f.XML(t, "route53", "POST", path, "<ChangeTagsForResourceRequest><AddTags><Tag><Key>aws:a</Key><Value>1</Value></Tag></AddTags></ChangeTagsForResourceRequest>", nil).Refused(t, "InvalidInput")
	f.XML(t, "route53", "GET", path+"0", "", nil).Refused(t, "NoSuchHostedZone")
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.change(t, f.seed, "CREATE a.localaws.test A 60 192.0.2.1").OK(t)
	next := newFixture(t)
	wiretest.Revive(t, f.account, next.account)
	assert.Equal(t, f.lookup("a.localaws.test", "A"), next.lookup("a.localaws.test", "A"))
	next.account.Do(func() { assert.Equal(t, f.seed, next.service.SeedZone("localaws.test")) })
}
