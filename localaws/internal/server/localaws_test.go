package server_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/server"
	"github.com/infrahouse/terraform-aws-ecs/localaws/localawstest"
)

// patience is for a busy machine; a quiet one needs a second or two.
const patience = 90 * time.Second

// get makes one request.
func get(ctx context.Context, client *http.Client, url string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

// serves waits until the stack's load balancer answers on port 80 with what the
// container has there.
func serves(t *testing.T, c *localawstest.Cloud, url string) {
	t.Helper()
	client := c.HTTPClient(5 * time.Second)
	var status int
	var body string
	var err error
	require.Eventually(t, func() bool {
		status, body, err = get(t.Context(), client, url)
		return err == nil && status == http.StatusOK
	}, patience, 50*time.Millisecond, "GET %s", url)
	assert.Equal(t, "port 80\n", body)
}

func taskARNs(t *testing.T, c *localawstest.Cloud, cluster string) []string {
	t.Helper()
	listed, err := c.ECS.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: &cluster})
	require.NoError(t, err)
	return listed.TaskArns
}

func TestARestartKeepsWhatRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := localawstest.Start(t, server.Options{Directory: dir})
	s := stack.New(t, c.Cloud, stack.Plan{})
	url := "http://" + aws.ToString(s.LoadBalancer.DNSName) + "/"
	serves(t, c, url)
	tasks := taskARNs(t, c, s.Plan.Name)
	require.Len(t, tasks, 1)
	require.Eventually(t, func() bool {
		targets := s.Health(t.Context(), t, 80)
		return len(targets) == 1 && targets[0].TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy
	}, patience, 50*time.Millisecond, "the target becomes healthy")
	require.NoError(t, c.Server.Close())

	again := localawstest.Start(t, server.Options{Directory: dir})
	status, body, err := get(t.Context(), again.HTTPClient(5*time.Second), url)
	require.NoError(t, err, "the first request after the restart, without another try")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "port 80\n", body)
	assert.Equal(t, tasks, taskARNs(t, again, s.Plan.Name), "the task is the same one")
}

func TestTwoCloudsShareNothing(t *testing.T) {
	t.Parallel()
	first := localawstest.Start(t, server.Options{})
	second := localawstest.Start(t, server.Options{})
	s := stack.New(t, first.Cloud, stack.Plan{NoService: true})
	clusters, err := second.ECS.ListClusters(t.Context(), &ecs.ListClustersInput{})
	require.NoError(t, err)
	assert.Empty(t, clusters.ClusterArns)
	_, err = second.Server.Resolve(aws.ToString(s.LoadBalancer.DNSName) + ":80")
	assert.ErrorContains(t, err, "no such host")
}

func TestATemporaryDirectoryIsRemoved(t *testing.T) {
	t.Parallel()
	running, err := server.Start(t.Context(), server.Options{})
	require.NoError(t, err)
	dir := filepath.Dir(running.Endpoint().CAFile)
	assert.DirExists(t, dir)
	require.NoError(t, running.Close())
	assert.NoDirExists(t, dir)
}

func TestItStaysOnLoopbackAddresses(t *testing.T) {
	t.Parallel()
	_, err := server.Start(t.Context(), server.Options{Listen: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:0")}})
	assert.ErrorContains(t, err, "0.0.0.0:0: localaws stays on loopback addresses")
}

// A page in a browser on this machine must not read or stop a localaws.
func TestItRefusesWebPages(t *testing.T) {
	t.Parallel()
	running, err := server.Start(t.Context(), server.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, running.Close()) })
	for name, test := range map[string]struct {
		method, path, host, origin string
		status                     int
		says                       string
	}{
		"a program":                    {method: http.MethodGet, path: client.StatusPath, status: http.StatusOK, says: "{"},
		"localhost":                    {method: http.MethodGet, path: client.StatusPath, host: "localhost:4566", status: http.StatusOK, says: "{"},
		"a page that stops it":         {method: http.MethodPost, path: client.StopPath, origin: "https://example.com", status: http.StatusForbidden, says: "https://example.com"},
		"a page that calls AWS":        {method: http.MethodPost, path: "/", origin: "null", status: http.StatusForbidden, says: "null"},
		"a page whose name leads here": {method: http.MethodGet, path: client.StatusPath, host: "rebound.example.com", status: http.StatusForbidden, says: "rebound.example.com"},
		"a browser at the address":     {method: http.MethodGet, path: "/", status: http.StatusOK, says: "This is localaws, an AWS on this machine, in region us-west-2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), test.method, running.Endpoint().Endpoint+test.path, nil)
			require.NoError(t, err)
			request.Host = test.host
			if test.origin != "" {
				request.Header.Set("Origin", test.origin)
			}
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			content, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Contains(t, string(content), test.says)
		})
	}
}

func TestRemoveStateLeavesOthersFilesAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(mine, nil, 0o600))
	running, err := server.Start(t.Context(), server.Options{Directory: dir})
	require.NoError(t, err)
	require.NoError(t, running.Close())
	require.NoError(t, server.RemoveState(dir))
	assert.FileExists(t, mine)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing but the file that was there before")
}

func TestStatusCountsOnlyWhatWasMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := localawstest.Start(t, server.Options{Directory: dir})
	assert.Zero(t, status(t, c).Resources(), "a new account is empty")
	stack.New(t, c.Cloud, stack.Plan{NoService: true})
	counted := status(t, c)
	assert.Equal(t, 1, counted.Services["ecs"]["cluster"])
	assert.Equal(t, 1, counted.Services["elasticloadbalancing"]["load balancers"])
	assert.Empty(t, counted.Unknown)
}

// A service whose image can't be had says so where one looks first.
func TestStatusNamesServicesWhoseTasksFail(t *testing.T) {
	t.Parallel()
	c := localawstest.Start(t, server.Options{Speed: 1000})
	stack.New(t, c.Cloud, stack.Plan{NoService: true})
	assert.Empty(t, status(t, c).Troubles)
	_, err := c.ECS.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("nothing"), ContainerDefinitions: []ecstypes.ContainerDefinition{
			{Name: aws.String("web"), Image: aws.String("acme/nothing"), Memory: aws.Int32(128)},
		},
	})
	require.NoError(t, err)
	_, err = c.ECS.CreateService(t.Context(), &ecs.CreateServiceInput{
		Cluster: aws.String("web"), ServiceName: aws.String("bad"), TaskDefinition: aws.String("nothing"), DesiredCount: aws.Int32(1),
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(status(t, c).Troubles) > 0 }, 30*time.Second, 50*time.Millisecond)
	trouble := status(t, c).Troubles[0]
	assert.Equal(t, "web/bad", trouble.Service)
	assert.Positive(t, trouble.FailedTasks)
	assert.Contains(t, trouble.Reason, "CannotPullContainerError: Error response from daemon: pull access denied for acme/nothing")
	assert.NotContains(t, trouble.String(), "\n")
}

func status(t *testing.T, c *localawstest.Cloud) client.Status {
	t.Helper()
	client := client.At(c.Server.Endpoint())
	s, err := client.Status(t.Context())
	require.NoError(t, err)
	return s
}
