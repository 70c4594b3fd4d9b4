package dataplane

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPortOfAnotherProcess: a listener works on a machine whose port another
// process has on all addresses.
func TestPortOfAnotherProcess(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp4", "0.0.0.0:0") //nolint:noctx // a test
	require.NoError(t, err)
	defer other.Close()
	port := other.Addr().(*net.TCPAddr).Port

	w := newWorld(t)
	lb := w.balancer()
	w.listener(lb, int32(port), []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("200"), MessageBody: aws.String("in")}}})
	require.Eventually(t, func() bool {
		return !strings.HasSuffix(w.address(lb, port), ":"+strconv.Itoa(port))
	}, 20*time.Second, 2*time.Millisecond, "nothing stands in for port %d", port)
	_, body := get(t, w.http(w.address(lb, port)), "http://web.example.com/")
	assert.Equal(t, "in", body)
}

func TestBlockedClientGetsNoAnswerUntilItIsLetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb := w.balancer()
	w.listener(lb, 8080, []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("200"), MessageBody: aws.String("in")}}})
	address := w.waitListening(lb, 8080)
	w.block("internet", true)

	c, err := net.Dial("tcp", address) //nolint:noctx // a test
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	_, err = c.Read(make([]byte, 1))
	require.True(t, errors.Is(err, os.ErrDeadlineExceeded), "no byte, no end, no reset: %v", err)

	w.block("internet", false)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err, "what was sent meanwhile is answered")
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	assert.Equal(t, "in", string(body))
}

func TestHeldClientsEndWithTheListener(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb := w.balancer()
	listener := w.listener(lb, 8080, []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("200")}}})
	address := w.waitListening(lb, 8080)
	w.block("internet", true)
	c, err := net.Dial("tcp", address) //nolint:noctx // a test
	require.NoError(t, err)
	defer c.Close()
	_, err = w.elb.DeleteListener(t.Context(), &elb.DeleteListenerInput{ListenerArn: listener.ListenerArn})
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err)
	require.False(t, errors.Is(err, os.ErrDeadlineExceeded))
	_, err = net.Dial("tcp", address) //nolint:noctx // a test
	require.Error(t, err, "nothing listens any more")
}

// inFlight starts a request that the target holds until release is called, and
// returns a function that waits for its status.
func (w *world) inFlight(address string, arrived <-chan struct{}) (status func() int) {
	result := make(chan int, 1)
	client := w.http(address)
	go func() {
		response, err := client.Get("http://x/slow") //nolint:noctx // the client has a timeout
		if err != nil {
			result <- -1
			return
		}
		_ = response.Body.Close()
		result <- response.StatusCode
	}()
	<-arrived
	return func() int { return <-result }
}

func slowTarget(arrived chan<- struct{}, release <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			arrived <- struct{}{}
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	})
}

func TestDrainingKeepsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.balancer(), w.group("web")
	w.set(group, "deregistration_delay.timeout_seconds", "3600")
	w.listener(lb, 8080, forwardTo(group))
	arrived, release := make(chan struct{}), make(chan struct{})
	leaving, staying := w.serve("i-1", slowTarget(arrived, release)), w.serve("i-2", says("stays"))
	w.register(group, leaving)
	w.waitFor(group, leaving, types.TargetHealthStateEnumHealthy)
	address := w.waitListening(lb, 8080)
	status := w.inFlight(address, arrived)

	w.register(group, staying)
	w.waitFor(group, staying, types.TargetHealthStateEnumHealthy)
	w.deregister(group, leaving)
	health := w.health(group, leaving)
	assert.Equal(t, types.TargetHealthStateEnumDraining, health.State)
	assert.Equal(t, types.TargetHealthReasonEnumDeregistrationInProgress, health.Reason)
	client := w.http(address)
	require.Eventually(t, func() bool { _, body := get(t, client, "http://x/"); return body == "stays" }, 5*time.Second, time.Millisecond)
	for range 10 {
		_, body := get(t, client, "http://x/")
		assert.Equal(t, "stays", body, "a draining target gets nothing new")
	}
	close(release)
	assert.Equal(t, 200, status())
}

// TestAnAnswerTakesRealTime: AWS's deregistration delay passes faster than a target can
// answer, so a target that owes an answer stays. One whose connections are silent goes.
func TestAnAnswerTakesRealTime(t *testing.T) {
	t.Parallel()
	for name, network := range map[string]bool{"request": false, "connection": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var lb types.LoadBalancer
			var group types.TargetGroup
			if network {
				lb, group = w.flows("TCP", "TCP")
			} else {
				lb, group = w.balancer(), w.group("web")
				w.listener(lb, 5000, forwardTo(group))
			}
			w.set(group, "deregistration_delay.timeout_seconds", "10")
			arrived, release := make(chan struct{}), make(chan struct{})
			owing := w.serve("i-1", slowTarget(arrived, release))
			w.register(group, owing)
			w.waitFor(group, owing, types.TargetHealthStateEnumHealthy)
			address := w.waitListening(lb, 5000)
			status := w.inFlight(address, arrived)
			silent := w.serve("i-1", says("ok")) // in the same zone
			w.register(group, silent)
			w.waitFor(group, silent, types.TargetHealthStateEnumHealthy)
			require.Eventually(t, func() bool { _, body := get(t, w.http(address), "http://x/"); return body == "ok" }, waitLong, poll)

			w.deregister(group, owing)
			w.deregister(group, silent)
			w.waitFor(group, silent, types.TargetHealthStateEnumUnused)
			assert.Equal(t, types.TargetHealthStateEnumDraining, w.health(group, owing).State)
			close(release)
			assert.Equal(t, 200, status())
			w.waitFor(group, owing, types.TargetHealthStateEnumUnused)
		})
	}
}

func TestDeregistrationDelayEndsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.balancer(), w.group("web")
	w.set(group, "deregistration_delay.timeout_seconds", "1")
	w.listener(lb, 8080, forwardTo(group))
	arrived := make(chan struct{})
	at := w.serve("i-1", slowTarget(arrived, nil))
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	status := w.inFlight(w.waitListening(lb, 8080), arrived)
	w.deregister(group, at)
	assert.Equal(t, http.StatusBadGateway, status())
}

func TestTakingAGroupAwayKeepsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, before, after := w.balancer(), w.group("before"), w.group("after")
	listener := w.listener(lb, 8080, forwardTo(before))
	arrived, release := make(chan struct{}), make(chan struct{})
	at := w.serve("i-1", slowTarget(arrived, release))
	w.register(before, at)
	w.waitFor(before, at, types.TargetHealthStateEnumHealthy)
	status := w.inFlight(w.waitListening(lb, 8080), arrived)

	w.modify(listener, forwardTo(after))
	w.deregister(before, at)
	_, err := w.elb.DeleteTargetGroup(t.Context(), &elb.DeleteTargetGroupInput{TargetGroupArn: before.TargetGroupArn})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		response, _ := get(t, w.http(w.address(lb, 8080)), "http://x/")
		return response.StatusCode == http.StatusServiceUnavailable
	}, 5*time.Second, time.Millisecond, "new requests go to the group after")
	close(release)
	assert.Equal(t, 200, status())
}

// TestNoRequestFailsWhileThingsChange sends requests all the time, over kept
// and over new connections, while everything about the listener is changed.
func TestNoRequestFailsWhileThingsChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, blue, green := w.balancer(), w.group("blue"), w.group("green")
	for _, group := range []types.TargetGroup{blue, green} {
		w.set(group, "deregistration_delay.timeout_seconds", "60")
	}
	listener := w.listener(lb, 8443, forwardTo(blue), asHTTPS)
	first, second := w.serve("i-1", says("hello")), w.serve("i-2", says("hello"))
	w.register(blue, first)
	w.waitFor(blue, first, types.TargetHealthStateEnumHealthy)
	address := w.waitListening(lb, 8443)

	stop := make(chan struct{})
	var sent, failed atomic.Int64
	var senders sync.WaitGroup
	for i := range 3 {
		client := w.http(address)
		if i == 0 {
			client.Transport.(*http.Transport).DisableKeepAlives = true
		}
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				sent.Add(1)
				if err := ask(client); err != nil {
					failed.Add(1)
					t.Errorf("request %d: %v", sent.Load(), err)
				}
			}
		})
	}
	for round := range 6 {
		w.register(green, second)
		w.modify(listener, []types.Action{{Type: "forward", ForwardConfig: &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{
			{TargetGroupArn: blue.TargetGroupArn, Weight: aws.Int32(1)}, {TargetGroupArn: green.TargetGroupArn, Weight: aws.Int32(1)},
		}}}})
		w.waitFor(green, second, types.TargetHealthStateEnumHealthy)
		w.modify(listener, forwardTo(green))
		w.deregister(blue, first)
		name := fmt.Sprintf("arn:r%d.example.com", round)
		certificates := []types.Certificate{{CertificateArn: &name}}
		_, err := w.elb.AddListenerCertificates(t.Context(), &elb.AddListenerCertificatesInput{ListenerArn: listener.ListenerArn, Certificates: certificates})
		require.NoError(t, err)
		w.modify(listener, forwardTo(green))
		w.register(blue, first)
		w.modify(listener, forwardTo(blue))
		w.waitFor(blue, first, types.TargetHealthStateEnumHealthy)
		w.deregister(green, second)
		extra := w.group(fmt.Sprint("extra-", round))
		other := w.listener(lb, 9000, forwardTo(extra))
		_, err = w.elb.DeleteListener(t.Context(), &elb.DeleteListenerInput{ListenerArn: other.ListenerArn})
		require.NoError(t, err)
		_, err = w.elb.DeleteTargetGroup(t.Context(), &elb.DeleteTargetGroupInput{TargetGroupArn: extra.TargetGroupArn})
		require.NoError(t, err)
	}
	close(stop)
	senders.Wait()
	assert.Zero(t, failed.Load())
	assert.Greater(t, sent.Load(), int64(100))
	t.Logf("%d requests sent, %d failed", sent.Load(), failed.Load())
}

func ask(client *http.Client) error {
	response, err := client.Get("https://web.example.com/") //nolint:noctx // the client has a timeout
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || string(body) != "hello" {
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	return nil
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.balancer(), w.group("web")
	w.listener(lb, 8080, forwardTo(group))
	at := w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			return
		}
		c, stream, err := http.NewResponseController(out).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = stream.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = stream.Flush()
		line, _ := stream.ReadString('\n')
		_, _ = stream.WriteString("echo " + line)
		_ = stream.Flush()
	}))
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	c, err := net.Dial("tcp", w.waitListening(lb, 8080)) //nolint:noctx // a test
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	require.NoError(t, err)
	reader := bufio.NewReader(c)
	response, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	_, err = io.WriteString(c, "hello\n")
	require.NoError(t, err)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "echo hello\n", line)
}

func TestGRPCPassesMessagesAndTrailers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb := w.balancer()
	group := w.group("grpc", func(in *elb.CreateTargetGroupInput) {
		in.ProtocolVersion, in.Matcher = aws.String("GRPC"), &types.Matcher{GrpcCode: aws.String("0-99")}
	})
	w.listener(lb, 8443, forwardTo(group), asHTTPS)
	at := w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "application/grpc")
		out.WriteHeader(http.StatusOK)
		control := http.NewResponseController(out)
		_ = control.Flush()
		buffer := make([]byte, 64)
		for { // answers each message as it comes
			n, err := r.Body.Read(buffer)
			if n > 0 {
				_, _ = out.Write(buffer[:n])
				_ = control.Flush()
			}
			if err != nil {
				break
			}
		}
		out.Header().Set(http.TrailerPrefix+"Grpc-Status", "7")
		out.Header().Set(http.TrailerPrefix+"Grpc-Message", "not for you")
	}), unencrypted)
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)

	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://web.example.com/echo.Echo/Stream", reader)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	client := w.http(w.waitListening(lb, 8443))
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	for _, message := range []string{"one", "two"} { // the answer to one comes before two is sent
		_, err := io.WriteString(writer, message)
		require.NoError(t, err)
		got := make([]byte, 3)
		_, err = io.ReadFull(response.Body, got)
		require.NoError(t, err)
		assert.Equal(t, message, string(got))
	}
	require.NoError(t, writer.Close())
	_, err = io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "7", response.Trailer.Get("Grpc-Status"))
	assert.Equal(t, "not for you", response.Trailer.Get("Grpc-Message"))

	plain := w.http(w.address(lb, 8443))
	plain.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	refused, _ := get(t, plain, "https://web.example.com/")
	assert.Equal(t, statusIncompatible, refused.StatusCode, "HTTP/1.1 to a gRPC group")
}

func TestNothingIsLeftBehind(t *testing.T) { //nolint:paralleltest // it counts goroutines
	before := stacks()
	t.Run("use", func(t *testing.T) {
		w := newWorld(t)
		lb, group := w.balancer(), w.group("web")
		w.listener(lb, 8080, forwardTo(group))
		arrived := make(chan struct{})
		at := w.serve("i-1", slowTarget(arrived, nil))
		w.register(group, at)
		w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
		address := w.waitListening(lb, 8080)
		w.inFlight(address, arrived)
		w.block("internet", true)
		c, err := net.Dial("tcp", address) //nolint:noctx // a test
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		w.stop() // with a request in flight and a client held
	})
	require.Eventually(t, func() bool { return stacks() <= before }, 10*time.Second, 5*time.Millisecond, "goroutines of the data plane are left")
}

// stacks counts goroutines that run code of this package, but the tests'.
func stacks() int {
	buffer := make([]byte, 1<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	count := 0
	for _, stack := range strings.Split(string(buffer), "\n\n") {
		if strings.Contains(stack, "/loadbalancer/") && !strings.Contains(stack, "_test.go") {
			count++
		}
	}
	return count
}
