package dataplane

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// testSpeed makes the slowest that tests wait for, provisioning, 0.1 s.
const testSpeed = 1200

// world is a control plane over the wire and a running data plane, with two
// instances in a network whose blocked ways a test chooses.
type world struct {
	t        *testing.T
	elb      *elb.Client
	account  *core.Account
	control  *elbv2.Service
	plane    *Plane
	network  *loopback.Network
	machines *machines
	certs    *certificates
	metrics  *metrics
	logs     *logs
	// stop ends both planes; it may be called before the test's end.
	stop func()
}

func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	network, err := loopback.Claim(t.Context(), 0)
	require.NoError(t, err)
	a := core.New("us-west-2", clock.New(testSpeed), slog.New(slog.DiscardHandler))
	w := &world{
		t: t, account: a, network: network,
		machines: newMachines(t, network), certs: newCertificates(t),
		metrics: &metrics{values: map[string]float64{}}, logs: &logs{objects: map[string][]byte{}},
	}
	w.control = elbv2.New(a, w.machines, w.certs, w.logs)
	w.plane = New(a, w.control, w.machines, network, w.certs, w.metrics, w.logs)
	for _, f := range change {
		f(w)
	}
	server := wire.NewServer(a, a.Region, a.Log)
	server.Register(w.control.Wire())
	api := httptest.NewServer(server)
	w.elb = elb.New(elb.Options{
		Region: "us-west-2", BaseEndpoint: aws.String(api.URL),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.control.Run(ctx) })
	running.Go(func() { w.plane.Run(ctx) })
	w.stop = func() {
		stop()
		running.Wait()
	}
	t.Cleanup(func() {
		w.stop()
		api.Close()
		if err := network.Close(); err != nil {
			t.Errorf("closing the network: %v", err)
		}
	})
	return w
}

// balancer makes an internet-facing Application Load Balancer.
func (w *world) balancer(change ...func(*elb.CreateLoadBalancerInput)) types.LoadBalancer {
	w.t.Helper()
	in := &elb.CreateLoadBalancerInput{Name: aws.String("web"), Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-1"}}
	for _, f := range change {
		f(in)
	}
	out, err := w.elb.CreateLoadBalancer(w.t.Context(), in)
	require.NoError(w.t, err)
	return out.LoadBalancers[0]
}

func asNetwork(in *elb.CreateLoadBalancerInput) { in.Type = types.LoadBalancerTypeEnumNetwork }

// group makes a target group that is checked every 5 seconds.
func (w *world) group(name string, change ...func(*elb.CreateTargetGroupInput)) types.TargetGroup {
	w.t.Helper()
	in := &elb.CreateTargetGroupInput{
		Name: &name, Port: aws.Int32(80), Protocol: "HTTP", VpcId: aws.String("vpc-1"),
		HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2), HealthyThresholdCount: aws.Int32(2),
	}
	for _, f := range change {
		f(in)
	}
	out, err := w.elb.CreateTargetGroup(w.t.Context(), in)
	require.NoError(w.t, err)
	return out.TargetGroups[0]
}

func forwardTo(group types.TargetGroup) []types.Action {
	return []types.Action{{Type: "forward", TargetGroupArn: group.TargetGroupArn}}
}

func (w *world) listener(lb types.LoadBalancer, port int32, actions []types.Action, change ...func(*elb.CreateListenerInput)) types.Listener {
	w.t.Helper()
	in := &elb.CreateListenerInput{LoadBalancerArn: lb.LoadBalancerArn, Port: &port, Protocol: "HTTP", DefaultActions: actions}
	for _, f := range change {
		f(in)
	}
	out, err := w.elb.CreateListener(w.t.Context(), in)
	require.NoError(w.t, err)
	return out.Listeners[0]
}

func asHTTPS(in *elb.CreateListenerInput) {
	in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: aws.String("arn:web.example.com")}}
}

func (w *world) modify(listener types.Listener, actions []types.Action) {
	w.t.Helper()
	_, err := w.elb.ModifyListener(w.t.Context(), &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, DefaultActions: actions})
	require.NoError(w.t, err)
}

func (w *world) register(group types.TargetGroup, at netip.AddrPort) {
	w.t.Helper()
	_, err := w.elb.RegisterTargets(w.t.Context(), &elb.RegisterTargetsInput{TargetGroupArn: group.TargetGroupArn, Targets: w.target(at)})
	require.NoError(w.t, err)
}

func (w *world) deregister(group types.TargetGroup, at netip.AddrPort) {
	w.t.Helper()
	_, err := w.elb.DeregisterTargets(w.t.Context(), &elb.DeregisterTargetsInput{TargetGroupArn: group.TargetGroupArn, Targets: w.target(at)})
	require.NoError(w.t, err)
}

func (w *world) target(at netip.AddrPort) []types.TargetDescription {
	w.t.Helper()
	for id, instance := range w.machines.instances {
		if instance.Address == at.Addr() {
			return []types.TargetDescription{{Id: aws.String(id), Port: aws.Int32(int32(at.Port()))}}
		}
	}
	w.t.Fatalf("no instance has the address %s", at)
	return nil
}

func (w *world) set(group types.TargetGroup, key, value string) {
	w.t.Helper()
	_, err := w.elb.ModifyTargetGroupAttributes(w.t.Context(), &elb.ModifyTargetGroupAttributesInput{
		TargetGroupArn: group.TargetGroupArn, Attributes: []types.TargetGroupAttribute{{Key: &key, Value: &value}},
	})
	require.NoError(w.t, err)
}

func (w *world) setBalancer(lb types.LoadBalancer, pairs ...string) {
	w.t.Helper()
	in := &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn}
	for i := 0; i < len(pairs); i += 2 {
		in.Attributes = append(in.Attributes, types.LoadBalancerAttribute{Key: &pairs[i], Value: &pairs[i+1]})
	}
	_, err := w.elb.ModifyLoadBalancerAttributes(w.t.Context(), in)
	require.NoError(w.t, err)
}

// health returns the health of the group's target there.
func (w *world) health(group types.TargetGroup, at netip.AddrPort) types.TargetHealth {
	w.t.Helper()
	out, err := w.elb.DescribeTargetHealth(w.t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: group.TargetGroupArn, Targets: w.target(at)})
	require.NoError(w.t, err)
	return *out.TargetHealthDescriptions[0].TargetHealth
}

func (w *world) waitFor(group types.TargetGroup, at netip.AddrPort, state types.TargetHealthStateEnum) types.TargetHealth {
	w.t.Helper()
	var last types.TargetHealth
	require.Eventually(w.t, func() bool {
		last = w.health(group, at)
		return last.State == state
	}, 20*time.Second, 2*time.Millisecond, "waiting for %s, it is %s", state, &last)
	return last
}

// address is where the load balancer's first node listens.
func (w *world) address(lb types.LoadBalancer, port int) string {
	w.t.Helper()
	var addresses []netip.Addr
	w.account.Do(func() { addresses, _ = w.control.ResolveName(*lb.DNSName) })
	require.NotEmpty(w.t, addresses)
	at := netip.AddrPortFrom(addresses[0], uint16(port))
	return w.network.Resolve("tcp", at).String()
}

// waitListening waits until the port accepts connections.
func (w *world) waitListening(lb types.LoadBalancer, port int) string {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(w.t.Context(), "tcp", w.address(lb, port))
		if err != nil {
			return false
		}
		return c.Close() == nil
	}, 20*time.Second, 2*time.Millisecond, "port %d does not listen", port)
	return w.address(lb, port)
}

// http is a client whose connections, whatever the name, go to the address.
func (w *world) http(address string) *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		},
		TLSClientConfig:   &tls.Config{RootCAs: w.certs.roots},
		ForceAttemptHTTP2: true,
	}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: 15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a response that has been read.
type answer struct {
	StatusCode int
	Header     http.Header
	ProtoMajor int
	TLS        *tls.ConnectionState
	cookies    []*http.Cookie
}

func (a answer) Cookies() []*http.Cookie { return a.cookies }

func get(t *testing.T, client *http.Client, url string) (answer, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return do(t, client, request)
}

func do(t *testing.T, client *http.Client, request *http.Request) (answer, string) {
	t.Helper()
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, response.ProtoMajor, response.TLS, response.Cookies()}, string(body)
}

// serve starts an HTTP server on an instance, and returns where.
func (w *world) serve(instance string, handler http.Handler, change ...func(*httptest.Server)) netip.AddrPort {
	w.t.Helper()
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	server.Listener = w.listen(instance)
	for _, f := range change {
		f(server)
	}
	if server.TLS == nil {
		server.Start()
	} else {
		server.StartTLS()
	}
	w.t.Cleanup(server.Close)
	return netip.MustParseAddrPort(server.Listener.Addr().String())
}

// listen takes a free port of an instance.
func (w *world) listen(instance string) net.Listener {
	w.t.Helper()
	listener, err := w.network.Listen(w.t.Context(), netip.AddrPortFrom(w.machines.instances[instance].Address, 0))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// says answers every request with a text.
func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

// machines is a network in which everything reaches everything, but what is
// blocked.
type machines struct {
	network    *loopback.Network
	instances  map[string]ec2.Instance
	interfaces map[string]ec2.Interface
	blocked    map[string]bool // "internet", or an interface id: as source or as target
}

func newMachines(t *testing.T, network *loopback.Network) *machines {
	t.Helper()
	m := &machines{network: network, instances: map[string]ec2.Instance{}, interfaces: map[string]ec2.Interface{}, blocked: map[string]bool{}}
	for i, id := range []string{"i-1", "i-2"} {
		address, err := network.Allocate()
		require.NoError(t, err)
		private := fmt.Sprintf("10.0.%d.7", i)
		m.instances[id] = ec2.Instance{
			ID: id, VPCID: "vpc-1", AvailabilityZone: []string{"us-west-2a", "us-west-2b"}[i], State: "running",
			InterfaceID: "eni-" + id, PrivateIP: private, Address: address,
		}
		m.interfaces["eni-"+id] = ec2.Interface{ID: "eni-" + id, PrivateIP: private, Address: address, InstanceID: id}
	}
	return m
}

func (m *machines) CreateInterface(spec ec2.InterfaceSpec) (ec2.Interface, error) {
	address, err := m.network.Allocate()
	made := ec2.Interface{ID: "eni-" + spec.SubnetID, SubnetID: spec.SubnetID, Groups: spec.Groups, Address: address, PrivateIP: "10.0.9.9"}
	m.interfaces[made.ID] = made
	return made, err
}

func (m *machines) DeleteInterface(id string) error {
	m.network.Release(m.interfaces[id].Address)
	delete(m.interfaces, id)
	return nil
}

func (m *machines) SetInterfaceGroups(string, []string) error { return nil }

func (m *machines) Interface(id string) (ec2.Interface, bool) {
	found, ok := m.interfaces[id]
	return found, ok
}

func (m *machines) InterfaceByAddress(address netip.Addr) (ec2.Interface, bool) {
	for _, found := range m.interfaces {
		if found.Address == address {
			return found, true
		}
	}
	return ec2.Interface{}, false
}

func (m *machines) Subnet(id string) (ec2.Subnet, bool) {
	return ec2.Subnet{ID: id, VPCID: "vpc-1", AvailabilityZone: "us-west-2" + strings.TrimPrefix(id, "subnet-"), HasGateway: true}, true
}
func (m *machines) SecurityGroupVPC(string) (string, bool) { return "vpc-1", true }
func (m *machines) Instance(id string) (ec2.Instance, bool) {
	found, ok := m.instances[id]
	return found, ok
}

func (m *machines) Instances() []ec2.Instance {
	return []ec2.Instance{m.instances["i-1"], m.instances["i-2"]}
}

func (m *machines) Reach(from, to ec2.Peer, _ string, _ uint16) error {
	for _, peer := range []ec2.Peer{from, to} {
		name := peer.InterfaceID
		if name == "" {
			name = "internet"
		}
		if m.blocked[name] {
			return fmt.Errorf("%s is blocked", name)
		}
	}
	return nil
}

// block changes what is blocked.
func (w *world) block(name string, blocked bool) {
	w.account.Do(func() { w.machines.blocked[name] = blocked })
	w.account.Changed()
}

// certificates are "arn:NAME" for any name, all from one authority.
type certificates struct {
	t     *testing.T
	roots *x509.CertPool
	key   *ecdsa.PrivateKey
	ca    *x509.Certificate
	made  map[string]*tls.Certificate
}

func newCertificates(t *testing.T) *certificates {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	ca, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	c := &certificates{t: t, roots: x509.NewCertPool(), key: key, ca: ca, made: map[string]*tls.Certificate{}}
	c.roots.AddCert(ca)
	return c
}

func (c *certificates) Status(string) (string, bool) { return "ISSUED", true }
func (c *certificates) Use(string, string)           {}
func (c *certificates) Unuse(string, string)         {}
func (c *certificates) Certificate(arn string) (*tls.Certificate, bool) {
	if made, ok := c.made[arn]; ok {
		return made, true
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(c.made) + 2)), DNSNames: []string{strings.TrimPrefix(arn, "arn:")},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, c.ca, &c.key.PublicKey, c.key)
	if err != nil {
		c.t.Errorf("making a certificate: %v", err)
		return nil, false
	}
	c.made[arn] = &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: c.key}
	return c.made[arn], true
}

type metrics struct {
	mu     sync.Mutex
	values map[string]float64 // the last one
}

func (m *metrics) Put(namespace, metric string, dimensions map[string]string, value float64, _ string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[fmt.Sprint(namespace, " ", metric, " ", dimensions)] = value
}

func (m *metrics) has(prefix string, value float64, parts ...string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, got := range m.values {
		fits := strings.HasPrefix(key, prefix) && got == value
		for _, part := range parts {
			fits = fits && strings.Contains(key, part)
		}
		if fits {
			return true
		}
	}
	return false
}

type logs struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func (l *logs) AllowsWrite(string, string, string) bool         { return true }
func (l *logs) PutObject(bucket, key string, body []byte) error { return l.Deliver(bucket, key, body) }
func (l *logs) Deliver(bucket, key string, body []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.objects[bucket+"/"+key] = bytes.Clone(body)
	return nil
}
