package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
	"github.com/infrahouse/terraform-aws-ecs/test/localcloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite"
)

// startedWith is the environment before the suite has cleared it of what could
// lead its own processes to AWS.
var startedWith = os.Environ()

// TestTroublesOfAWS takes a run as it is on AWS, in a process of its own with
// TEST_CLOUD=aws, through the troubles that AWS has and localaws has not: calls
// are throttled, and what was just made is not yet known everywhere. The run
// acts as TEST_ROLE. Then it is lost with its work directory, and a threat
// detection service has put an endpoint into its network: a sweep finds all of
// it, and removes it, and nothing else.
func TestTroublesOfAWS(t *testing.T) {
	t.Parallel()
	if run.Cloud != suite.Local {
		t.Skip("TEST_CLOUD is not local: these troubles are made, in a localaws")
	}
	if runtime.GOOS != "linux" {
		t.Skip("no trust: only on Linux does Go take certificates from SSL_CERT_FILE")
	}
	world := newTroubledAWS(t)

	require.NoError(t, world.SetFaults(t.Context(), slices.Concat(refusals, throttling)...))
	said := world.run(t, testBinary(t), "-test.run", "^TestHTTPD$", "-test.timeout", "25m", "-test.v")
	assert.Contains(t, said, "--- PASS: TestHTTPD/", "the run was green")
	world.checkTroubles(t)
	require.NoError(t, world.SetFaults(t.Context()))

	id := world.loseRun(t)
	world.detectThreats(t)
	before := world.resources(t)
	command := sweepCommand(t)

	said = world.run(t, command, "sweep")
	assert.Contains(t, said, "run "+id+" is left alone: it began ", "a run that may still be on")
	world.environment = append(world.environment, "SWEEP_RUN="+id)
	said = world.run(t, command, "sweep")
	assert.Regexp(t, `(?m)^vpc +arn:aws:ec2:us-west-2:\d+:vpc/vpc-\w+ +`+id+` +\d+m`, said, "what is found is shown")
	assert.Contains(t, said, "nothing is removed: there is no terminal to ask on")
	assert.Equal(t, before, world.resources(t), "resources after a sweep that was not told yes")

	said = world.run(t, command, "sweep", "-yes")
	assert.Contains(t, said, "com.amazonaws.us-west-2.guardduty-data put it there, not a test")
	assert.Equal(t, world.own, world.resources(t), "resources after the sweep, and before the run")
	said = world.run(t, command, "sweep", "-yes")
	assert.Contains(t, said, "nothing is left")
}

// testBinary is this test's own executable.
func testBinary(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

// sweepCommand builds what `make test-sweep` runs.
func sweepCommand(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "suite")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./suite/cmd/suite").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// troublesSpace is the TEST_SPACE of the run, and of its sweeps.
const troublesSpace = "troubles"

// removeRun removes the work directory and the reports of the run.
func removeRun(t *testing.T) {
	t.Helper()
	reports, err := filepath.Glob(filepath.Join(run.Root, ".work", "*-"+filepath.Base(troublesDir())+".*"))
	require.NoError(t, err)
	for _, path := range append(reports, troublesDir()) {
		require.NoError(t, os.RemoveAll(path))
	}
}

// troublesDir is their work directory.
func troublesDir() string { return filepath.Join(run.Root, ".work", suite.AWS+"-"+troublesSpace) }

// troubledAWS is a localaws that is reached as AWS is: by the environment of
// the SDKs, by the names of its load balancers, and with certificates that
// everybody trusts.
type troubledAWS struct {
	*stack.Cloud
	environment []string
	own         map[string]map[string]int // resources that are not the run's
	callers     callers
	toAPI       *httputil.ReverseProxy
	forward     *httputil.ReverseProxy // to load balancers, by their names
}

// newTroubledAWS starts one that has a role for the tests, and a log group and
// a bucket that are not theirs.
func newTroubledAWS(t *testing.T) *troubledAWS {
	t.Helper()
	w := &troubledAWS{Cloud: localcloud.Start(t)}
	e := w.Endpoint
	target, err := url.Parse(e.Endpoint)
	require.NoError(t, err)
	w.toAPI = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		host := r.In.Host // part of the signature, and of S3 Control's requests
		r.SetURL(target)
		r.Out.Host = host
	}}
	api := httptest.NewServer(http.HandlerFunc(w.api))
	t.Cleanup(api.Close)
	proxy := httptest.NewServer(http.HandlerFunc(w.proxy))
	t.Cleanup(proxy.Close)
	w.forward = &httputil.ReverseProxy{
		Rewrite:   func(*httputil.ProxyRequest) {},
		Transport: &http.Transport{DialContext: w.Dial, DisableKeepAlives: true},
	}
	// Its states would be of a localaws that is gone.
	removeRun(t)
	t.Cleanup(func() { removeRun(t) })

	w.Query(t, "iam", "CreateRole", map[string]string{"RoleName": "tests", "AssumeRolePolicyDocument": fmt.Sprintf(`{
		"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::%s:root"}}]
	}`, e.AccountID)}, nil)
	w.Query(t, "sns", "CreateTopic", map[string]string{"Name": "others"}, nil)
	w.Query(t, "ec2", "CreateVpc", map[string]string{"CidrBlock": "10.9.0.0/16"}, nil)
	w.own = w.resources(t)

	for _, entry := range startedWith {
		switch name, _, _ := strings.Cut(entry, "="); {
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "TEST_"), strings.HasPrefix(name, "SKIP_"), strings.HasPrefix(name, "SWEEP_"),
			strings.HasSuffix(strings.ToUpper(name), "_PROXY"), name == "SSL_CERT_FILE", name == "REQUIRE_PROVIDERS":
		default:
			w.environment = append(w.environment, entry)
		}
	}
	w.environment = append(w.environment,
		"AWS_ENDPOINT_URL="+api.URL, "AWS_ACCESS_KEY_ID="+e.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+e.SecretAccessKey,
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "SSL_CERT_FILE="+trusted(t, e.CAFile), "CI=1",
		"TEST_CLOUD=aws", "TEST_REGION="+e.Region, "TEST_SPACE="+troublesSpace, "TEST_PROVIDERS=newest", "SKIP_teardown=1",
		"TEST_ACCOUNT="+e.AccountID, "TEST_ROLE=arn:aws:iam::"+e.AccountID+":role/tests", "TEST_ZONE_NAME="+e.ZoneName,
		"TEST_PROVIDER_MIRROR="+run.Mirror, "TEST_TERRAFORM="+run.Terraform)
	return w
}

// trusted is a file with the system's certificate authorities and localaws's.
func trusted(t *testing.T, caFile string) string {
	t.Helper()
	own, err := os.ReadFile(caFile)
	require.NoError(t, err)
	for _, system := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"} {
		if all, err := os.ReadFile(system); err == nil {
			own = append(own, all...)
			break
		}
	}
	path := filepath.Join(t.TempDir(), "trusted.pem")
	require.NoError(t, os.WriteFile(path, own, 0o600))
	return path
}

// api notes who calls, and answers.
func (w *troubledAWS) api(out http.ResponseWriter, in *http.Request) {
	w.callers.note(in)
	w.toAPI.ServeHTTP(out, in)
}

// proxy stands in for public DNS: a name of localaws leads to it, any other
// where it leads anyway. What comes by plain http for an unknown name
// is a call of the API: the provider puts the account before the endpoint's.
func (w *troubledAWS) proxy(out http.ResponseWriter, in *http.Request) {
	if in.Method == http.MethodConnect {
		w.tunnel(out, in)
		return
	}
	if _, err := w.Resolve(in.Context(), "tcp", in.URL.Hostname(), 80); err != nil {
		w.api(out, in)
		return
	}
	w.forward.ServeHTTP(out, in)
}

// tunnel is the proxy for https.
func (w *troubledAWS) tunnel(out http.ResponseWriter, in *http.Request) {
	server, err := w.Dial(in.Context(), "tcp", in.Host)
	if err != nil {
		var dialer net.Dialer
		if server, err = dialer.DialContext(in.Context(), "tcp", in.Host); err != nil {
			http.Error(out, err.Error(), http.StatusBadGateway)
			return
		}
	}
	defer server.Close()
	client, buffered, err := http.NewResponseController(out).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		_, _ = io.Copy(server, buffered) // until the client ends
		server.Close()
	})
	_, _ = io.Copy(client, server)
	client.Close()
	wait.Wait()
}

// run runs a command to its good end, and returns all that it said.
func (w *troubledAWS) run(t *testing.T, command string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = w.environment
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	require.NoError(t, err, "%s %s said:\n%s", filepath.Base(command), strings.Join(args, " "), said.String())
	return said.String()
}

// resources counts what there is, without what goes by itself.
func (w *troubledAWS) resources(t *testing.T) map[string]map[string]int {
	t.Helper()
	status, err := w.Status(t.Context())
	require.NoError(t, err)
	counts := map[string]map[string]int{}
	for service, kinds := range status.Services {
		for kind, count := range kinds {
			if count == 0 || strings.HasPrefix(kind, "inactive") || strings.HasPrefix(kind, "stopped") || strings.HasPrefix(kind, "terminated") ||
				kind == "object versions" {
				continue
			}
			if counts[service] == nil {
				counts[service] = map[string]int{}
			}
			counts[service][kind] = count
		}
	}
	return counts
}

// loseRun removes the work directory of the run with its states, and returns
// the run's id.
func (w *troubledAWS) loseRun(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(troublesDir(), "run.json"))
	require.NoError(t, err)
	var info suite.RunInfo
	require.NoError(t, json.Unmarshal(text, &info))
	require.NoError(t, os.RemoveAll(troublesDir()))
	return info.ID
}

// detectThreats puts into the run's network what GuardDuty's Runtime Monitoring
// puts where instances run: an endpoint and a security group, of which the run
// knows nothing.
func (w *troubledAWS) detectThreats(t *testing.T) {
	t.Helper()
	var subnets struct {
		Subnets []struct {
			ID  string `xml:"subnetId"`
			VPC string `xml:"vpcId"`
		} `xml:"subnetSet>item"`
	}
	w.Query(t, "ec2", "DescribeSubnets", map[string]string{"Filter.1.Name": "tag-key", "Filter.1.Value.1": suite.TagRun}, &subnets)
	require.NotEmpty(t, subnets.Subnets)
	first := subnets.Subnets[0]
	managed := func(resource string) map[string]string {
		return map[string]string{
			"VpcId": first.VPC, "TagSpecification.1.ResourceType": resource,
			"TagSpecification.1.Tag.1.Key": "GuardDutyManaged", "TagSpecification.1.Tag.1.Value": "true",
		}
	}
	group := managed("security-group")
	group["GroupName"], group["GroupDescription"] = "GuardDutyManagedSecurityGroup-"+first.VPC, "Associated with VPC-"+first.VPC
	var made struct {
		ID string `xml:"groupId"`
	}
	w.Query(t, "ec2", "CreateSecurityGroup", group, &made)
	endpoint := managed("vpc-endpoint")
	endpoint["VpcEndpointType"], endpoint["ServiceName"] = "Interface", "com.amazonaws."+w.Region+".guardduty-data"
	endpoint["SubnetId.1"], endpoint["SecurityGroupId.1"] = first.ID, made.ID
	w.Query(t, "ec2", "CreateVpcEndpoint", endpoint, nil)
}

// checkTroubles: there were some, of each kind, and the run acted as its role.
func (w *troubledAWS) checkTroubles(t *testing.T) {
	t.Helper()
	faults, err := w.Faults(t.Context())
	require.NoError(t, err)
	throttled := 0
	for _, fault := range faults {
		if fault.Every > 0 {
			throttled += fault.Refused
			continue
		}
		assert.Equal(t, fault.Times, fault.Refused, "refusals of %s", fault.Operation)
	}
	assert.Greater(t, throttled, 50, "calls that were throttled")
	w.callers.mu.Lock()
	defer w.callers.mu.Unlock()
	for key, services := range w.callers.services {
		if !strings.HasPrefix(key, "ASIA") {
			for service := range services {
				assert.Equal(t, "sts", service, "service that was called without the role")
			}
		}
	}
	assert.Greater(t, len(w.callers.services), 2, "sessions of the role: the SDK's, and one of each provider process")
}
