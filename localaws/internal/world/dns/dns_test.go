package dns

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// hosts are load balancers' names.
type hosts map[string][]netip.Addr

func (h hosts) ResolveName(name string) ([]netip.Addr, bool) {
	addresses, ok := h[name]
	return addresses, ok
}

const loadBalancer = "lb-1.us-west-2.elb.amazonaws.com"

var loadBalancerAddresses = []netip.Addr{netip.MustParseAddr("127.1.0.17"), netip.MustParseAddr("127.1.0.18")}

// newServer serves the registered domain localaws.test with those records,
// each "name type content", where content is XML from TTL or AliasTarget on.
func newServer(t *testing.T, records ...string) *Server {
	t.Helper()
	a, _ := wiretest.NewAccount()
	zones := route53.New(a)
	var zone string
	a.Do(func() { zone = zones.SeedZone("localaws.test") })
	api := wiretest.NewServer(t, a, zones.Wire())
	var changes strings.Builder
	for _, r := range records {
		parts := strings.SplitN(strings.ReplaceAll(r, "SEED", zone), " ", 3)
		fmt.Fprintf(&changes, "<Change><Action>UPSERT</Action><ResourceRecordSet><Name>%s</Name><Type>%s</Type>%s</ResourceRecordSet></Change>", parts[0], parts[1], parts[2])
	}
	if len(records) > 0 {
		api.XML(t, "route53", "POST", "/2013-04-01/hostedzone/"+zone+"/rrset",
			"<ChangeResourceRecordSetsRequest><ChangeBatch><Changes>"+changes.String()+"</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>", nil).OK(t)
	}
	s := New(a, zones, hosts{loadBalancer: loadBalancerAddresses}, slog.New(slog.DiscardHandler))
	require.NoError(t, s.Listen(t.Context(), netip.MustParseAddrPort("127.0.0.1:0")))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return s
}

// values is the content of a plain record.
func values(ttl int, list ...string) string {
	text := fmt.Sprintf("<TTL>%d</TTL><ResourceRecords>", ttl)
	for _, v := range list {
		text += "<ResourceRecord><Value>" + v + "</Value></ResourceRecord>"
	}
	return text + "</ResourceRecords>"
}

func alias(zoneID, name string) string {
	return "<AliasTarget><HostedZoneId>" + zoneID + "</HostedZoneId><DNSName>" + name + "</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>"
}

// resolver asks the server only, over the network that is given.
func resolver(s *Server, network string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.Address().String())
	}}
}

// ask sends one question and returns the whole answer.
func ask(t *testing.T, s *Server, name string, kind dnsmessage.Type) dnsmessage.Message {
	t.Helper()
	question := dnsmessage.Question{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}
	query, err := (&dnsmessage.Message{Header: dnsmessage.Header{ID: 7, RecursionDesired: true}, Questions: []dnsmessage.Question{question}}).Pack()
	require.NoError(t, err)
	connection, err := new(net.Dialer).DialContext(t.Context(), "udp", s.Address().String())
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	_, err = connection.Write(query)
	require.NoError(t, err)
	buffer := make([]byte, maxPacket)
	n, err := connection.Read(buffer)
	require.NoError(t, err)
	var answer dnsmessage.Message
	require.NoError(t, answer.Unpack(buffer[:n]))
	assert.Equal(t, uint16(7), answer.ID)
	return answer
}

func TestResolversGetAnswersOverUDPAndTCP(t *testing.T) {
	t.Parallel()
	s := newServer(t,
		"www.localaws.test A "+values(60, "192.0.2.1", "192.0.2.2"),
		"six.localaws.test AAAA "+values(60, "2001:db8::1"),
		"nick.localaws.test CNAME "+values(60, "www.localaws.test"),
		"balanced.localaws.test A "+alias("ZLB", "dualstack."+loadBalancer),
		"own.localaws.test A "+alias("SEED", "www.localaws.test"),
		"localaws.test MX "+values(60, "10 mail.localaws.test"),
		`localaws.test TXT `+values(60, `"v=1 a" "b"`),
		"_sip._tcp.localaws.test SRV "+values(60, "1 2 5060 www.localaws.test"),
	)
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			r := resolver(s, network)
			for name, want := range map[string][]string{
				"www.localaws.test.": {"192.0.2.1", "192.0.2.2"}, "six.localaws.test.": {"2001:db8::1"},
				"nick.localaws.test.": {"192.0.2.1", "192.0.2.2"}, "balanced.localaws.test.": {"127.1.0.17", "127.1.0.18"},
				"own.localaws.test.": {"192.0.2.1", "192.0.2.2"}, loadBalancer + ".": {"127.1.0.17", "127.1.0.18"},
			} {
				got, err := r.LookupHost(t.Context(), name)
				require.NoError(t, err, name)
				assert.ElementsMatch(t, want, got, name)
			}
			mx, err := r.LookupMX(t.Context(), "localaws.test.")
			require.NoError(t, err)
			assert.Equal(t, []*net.MX{{Host: "mail.localaws.test.", Pref: 10}}, mx)
			texts, err := r.LookupTXT(t.Context(), "localaws.test.")
			require.NoError(t, err)
			assert.Equal(t, []string{"v=1 ab"}, texts)
			_, srv, err := r.LookupSRV(t.Context(), "sip", "tcp", "localaws.test.")
			require.NoError(t, err)
			assert.Equal(t, []*net.SRV{{Target: "www.localaws.test.", Port: 5060, Priority: 1, Weight: 2}}, srv)
			ns, err := r.LookupNS(t.Context(), "localaws.test.")
			require.NoError(t, err)
			assert.Len(t, ns, 4)
		})
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newServer(t,
		"www.localaws.test A "+values(60, "192.0.2.1"),
		"balanced.localaws.test A "+alias("ZLB", loadBalancer),
		"lame.localaws.test NS "+values(60, "ns.elsewhere.example"),
		"circle.localaws.test CNAME "+values(60, "circle.localaws.test"),
		"out.localaws.test CNAME "+values(60, "www.example.com"),
	)
	tests := []struct {
		name, question string
		kind           dnsmessage.Type
		code           dnsmessage.RCode
		answers        int
		soa            bool
	}{
		{"no such name", "none.localaws.test.", dnsmessage.TypeA, dnsmessage.RCodeNameError, 0, true},
		{"no such type", "www.localaws.test.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, 0, true},
		{"no IPv6 of an alias", "balanced.localaws.test.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, 0, true},
		{"no IPv6 of a load balancer", loadBalancer + ".", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, 0, false},
		{"a type that is never stored", "www.localaws.test.", dnsmessage.Type(65), dnsmessage.RCodeSuccess, 0, true},
		{"another domain", "www.example.com.", dnsmessage.TypeA, dnsmessage.RCodeRefused, 0, false},
		{"lame delegation", "a.lame.localaws.test.", dnsmessage.TypeA, dnsmessage.RCodeServerFailure, 0, false},
		{"a circle", "circle.localaws.test.", dnsmessage.TypeA, dnsmessage.RCodeServerFailure, maxChain, false},
		{"a CNAME out of the domain", "out.localaws.test.", dnsmessage.TypeA, dnsmessage.RCodeRefused, 1, false},
		{"the CNAME itself", "circle.localaws.test.", dnsmessage.TypeCNAME, dnsmessage.RCodeSuccess, 1, false},
		{"SOA", "localaws.test.", dnsmessage.TypeSOA, dnsmessage.RCodeSuccess, 1, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := ask(t, s, test.question, test.kind)
			assert.Equal(t, test.code, answer.RCode)
			assert.Len(t, answer.Answers, test.answers)
			assert.Equal(t, test.soa, len(answer.Authorities) == 1)
		})
	}
}

func TestCAAOnTheWire(t *testing.T) {
	t.Parallel()
	s := newServer(t, "localaws.test CAA "+values(60, `0 issue "amazon.com"`))
	answer := ask(t, s, "localaws.test.", typeCAA)
	require.Len(t, answer.Answers, 1)
	body, ok := answer.Answers[0].Body.(*dnsmessage.UnknownResource)
	require.True(t, ok)
	assert.Equal(t, "\x00\x05issueamazon.com", string(body.Data))
}

func TestLongAnswersAreTruncatedOverUDP(t *testing.T) {
	t.Parallel()
	var list []string
	for i := range 60 {
		list = append(list, fmt.Sprintf("192.0.2.%d", i))
	}
	s := newServer(t, "many.localaws.test A "+values(60, list...))
	assert.True(t, ask(t, s, "many.localaws.test.", dnsmessage.TypeA).Truncated)
	got, err := resolver(s, "tcp").LookupHost(t.Context(), "many.localaws.test.")
	require.NoError(t, err)
	assert.Len(t, got, 60)
}

func TestWeightedRecordsAreDrawnByWeight(t *testing.T) {
	t.Parallel()
	weighted := func(id string, weight int, address string) string {
		return fmt.Sprintf("w.localaws.test A <SetIdentifier>%s</SetIdentifier><Weight>%d</Weight>", id, weight) + values(60, address)
	}
	s := newServer(t, weighted("a", 1, "192.0.2.1"), weighted("b", 3, "192.0.2.2"), weighted("c", 0, "192.0.2.3"))
	drawn := map[string]int{}
	next := int64(0)
	s.draw = func(n int64) int64 { next++; return next % n }
	for range 40 {
		drawn[s.Lookup("w.localaws.test")[0].String()]++
	}
	assert.Equal(t, map[string]int{"192.0.2.1": 10, "192.0.2.2": 30}, drawn)
}

func TestFailoverRecordsAnswerWithThePrimary(t *testing.T) {
	t.Parallel()
	record := func(id, address string) string {
		return fmt.Sprintf("f.localaws.test A <SetIdentifier>%s</SetIdentifier><Failover>%s</Failover>", id, id) + values(60, address)
	}
	s := newServer(t, record("SECONDARY", "192.0.2.2"), record("PRIMARY", "192.0.2.1"))
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("192.0.2.1")}, s.Lookup("f.localaws.test"))
}

func TestListenRefusesAddressesThatOthersReach(t *testing.T) {
	t.Parallel()
	a, _ := wiretest.NewAccount()
	s := New(a, route53.New(a), nil, slog.New(slog.DiscardHandler))
	assert.ErrorContains(t, s.Listen(t.Context(), netip.MustParseAddrPort("0.0.0.0:0")), "loopback")
}

func FuzzHandle(f *testing.F) {
	a, _ := wiretest.NewAccount()
	zones := route53.New(a)
	a.Do(func() { zones.SeedZone("localaws.test") })
	s := New(a, zones, hosts{}, slog.New(slog.DiscardHandler))
	query, err := (&dnsmessage.Message{Questions: []dnsmessage.Question{{
		Name: dnsmessage.MustNewName("localaws.test."), Type: dnsmessage.TypeNS, Class: dnsmessage.ClassINET,
	}}}).Pack()
	require.NoError(f, err)
	f.Add(query)
	f.Fuzz(func(_ *testing.T, packet []byte) {
		s.handle(packet, true) // must not panic
	})
}
