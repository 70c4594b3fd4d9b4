package dataplane

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (w *world) flows(protocol, listener types.ProtocolEnum) (types.LoadBalancer, types.TargetGroup) {
	w.t.Helper()
	lb := w.balancer(asNetwork)
	group := w.group("flows", func(in *elb.CreateTargetGroupInput) { in.Protocol = protocol })
	w.listener(lb, 5000, forwardTo(group), func(in *elb.CreateListenerInput) {
		if in.Protocol = listener; listener == "TLS" {
			in.Certificates = []types.Certificate{{CertificateArn: aws.String("arn:web.example.com")}}
		}
	})
	return lb, group
}

func echoLines(c net.Conn) {
	defer c.Close()
	reader := bufio.NewReader(c)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			_, _ = io.WriteString(c, "bye\n")
			return
		}
		_, _ = io.WriteString(c, "echo "+line)
	}
}

func TestTCPPassesThrough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.flows("TCP", "TCP")
	at := w.accepting(echoLines)
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	c, err := net.Dial("tcp", w.waitListening(lb, 5000)) //nolint:noctx // a test
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(c, "hello\n")
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	all, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, "echo hello\nbye\n", string(all), "the end of one way leaves the other open")
}

// answeredBy counts the answers to a client's connections by target.
func (w *world) answeredBy(count int, dial func() (net.Conn, error)) map[string]int {
	w.t.Helper()
	seen := map[string]int{}
	for range count {
		c, err := dial()
		require.NoError(w.t, err)
		require.NoError(w.t, c.SetDeadline(time.Now().Add(10*time.Second)))
		name, err := bufio.NewReader(c).ReadString('\n')
		require.NoError(w.t, err)
		require.NoError(w.t, c.Close())
		seen[name]++
	}
	return seen
}

func TestSourceStaysAtItsTarget(t *testing.T) {
	t.Parallel()
	for listener, sticks := range map[types.ProtocolEnum]bool{"TCP": true, "TLS": false} {
		t.Run(string(listener), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			lb, group := w.flows("TCP", listener)
			w.set(group, "stickiness.enabled", "true")
			named := func(name string) netip.AddrPort {
				at := w.accepting(func(c net.Conn) {
					_, _ = io.WriteString(c, name+"\n")
					_ = c.Close()
				})
				w.register(group, at)
				w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
				return at
			}
			first := named("first")
			address := w.waitListening(lb, 5000)
			dial := func() (net.Conn, error) {
				if listener == "TLS" {
					return tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec,noctx // a test
				}
				return net.Dial("tcp", address) //nolint:noctx // a test
			}
			w.answeredBy(1, dial)
			named("second")
			if !sticks {
				assert.Len(t, w.answeredBy(40, dial), 2)
				return
			}
			assert.Equal(t, map[string]int{"first\n": 40}, w.answeredBy(40, dial), "another target changes nothing")
			w.deregister(group, first)
			require.Eventually(t, func() bool { return w.answeredBy(1, dial)["second\n"] == 1 }, waitLong, poll)
			assert.Equal(t, map[string]int{"second\n": 40}, w.answeredBy(40, dial))
		})
	}
}

func TestTLSIsTerminated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.flows("TCP", "TLS")
	at := w.accepting(echoLines)
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: w.certs.roots, ServerName: "web.example.com"}}
	c, err := dialer.DialContext(t.Context(), "tcp", w.waitListening(lb, 5000))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(c, "hello\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(c).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "echo hello\n", line)
}

func TestProxyProtocolSaysWhoTheClientIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.flows("TCP", "TCP")
	w.set(group, "proxy_protocol_v2.enabled", "true")
	header := make(chan []byte, 16)
	at := w.accepting(func(c net.Conn) {
		defer c.Close()
		got := make([]byte, 28)
		if _, err := io.ReadFull(c, got); err == nil {
			header <- got
		}
	})
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	address := w.waitListening(lb, 5000)
	c, err := w.dialFrom("i-2", address)(t.Context(), "", "")
	require.NoError(t, err)
	defer c.Close()
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		got := <-header
		assert.Equal(t, proxySignature, string(got[:12]))
		assert.Equal(t, []byte{10, 0, 1, 7, 10, 0, 0, 7}, got[16:24], "from the instance's address to the target's")
	}, 10*time.Second, time.Millisecond)
}

func TestNoTargetResetsTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, _ := w.flows("TCP", "TCP")
	c, err := net.Dial("tcp", w.waitListening(lb, 5000)) //nolint:noctx // a test
	if err == nil {                                      // it may come before the connection is made
		defer c.Close()
		require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
		_, err = c.Read(make([]byte, 1))
	}
	require.ErrorContains(t, err, "reset")
}

func TestUDPFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.flows("UDP", "UDP")
	server, err := w.network.ListenPacket(t.Context(), netip.AddrPortFrom(w.machines.instances["i-1"].Address, 0))
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(append([]byte("echo "), buffer[:n]...), from)
		}
	}()
	w.register(group, mustAddr(t, server.LocalAddr().String()))
	require.Eventually(t, func() bool {
		c, err := net.Dial("udp", w.address(lb, 5000)) //nolint:noctx // a test
		require.NoError(t, err)
		defer c.Close()
		_, _ = c.Write([]byte("hello"))
		require.NoError(t, c.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
		buffer := make([]byte, 100)
		n, err := c.Read(buffer)
		return err == nil && string(buffer[:n]) == "echo hello"
	}, 10*time.Second, time.Millisecond)
}
