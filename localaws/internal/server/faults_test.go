package server_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/server"
	"github.com/infrahouse/terraform-aws-ecs/localaws/localawstest"
)

// codes are the error codes that calls of an operation get, "" for success.
func codes(calls int, call func() error) []string {
	var all []string
	for range calls {
		code := ""
		var refused smithy.APIError
		if err := call(); errors.As(err, &refused) {
			code = refused.ErrorCode()
		} else if err != nil {
			code = err.Error()
		}
		all = append(all, code)
	}
	return all
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const denied = "AccessDeniedException" // that SDKs don't try again
	for name, test := range map[string]struct {
		faults         []client.Fault
		lists          []string // what four ListClusters get
		describes      []string // and two DescribeClusters after them
		calls, refused []int    // by fault
	}{
		"none": {nil, []string{"", "", "", ""}, []string{"", ""}, nil, nil},
		"without end": {
			[]client.Fault{{Code: denied}},
			[]string{denied, denied, denied, denied}, []string{denied, denied}, []int{6}, []int{6},
		},
		"some times": {
			[]client.Fault{{Code: denied, Times: 3}},
			[]string{denied, denied, denied, ""}, []string{"", ""}, []int{6}, []int{3},
		},
		"each second call": {
			[]client.Fault{{Code: denied, Every: 2}},
			[]string{"", denied, "", denied}, []string{"", denied}, []int{6}, []int{3},
		},
		"each second call, once": {
			[]client.Fault{{Code: denied, Every: 2, Times: 1}},
			[]string{"", denied, "", ""}, []string{"", ""}, []int{6}, []int{1},
		},
		"one operation": {
			[]client.Fault{{Code: denied, Operation: "DescribeClusters"}},
			[]string{"", "", "", ""}, []string{denied, denied}, []int{2}, []int{2},
		},
		"one service": {
			[]client.Fault{{Code: denied, Services: []string{"ec2", "ecs"}, Times: 1}},
			[]string{denied, "", "", ""}, []string{"", ""}, []int{6}, []int{1},
		},
		"another service": {
			[]client.Fault{{Code: denied, Services: []string{"ec2"}}},
			[]string{"", "", "", ""}, []string{"", ""}, []int{0}, []int{0},
		},
		"the first that is due": {
			[]client.Fault{{Code: denied, Times: 1}, {Code: "ClientException", Times: 2}},
			[]string{denied, "ClientException", "ClientException", ""}, []string{"", ""}, []int{6, 5}, []int{1, 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := localawstest.Start(t, server.Options{})
			at := client.At(c.Server.Endpoint())
			require.NoError(t, at.SetFaults(t.Context(), test.faults...))
			assert.Equal(t, test.lists, codes(4, func() error {
				_, err := c.ECS.ListClusters(t.Context(), &ecs.ListClustersInput{})
				return err
			}))
			assert.Equal(t, test.describes, codes(2, func() error {
				_, err := c.ECS.DescribeClusters(t.Context(), &ecs.DescribeClustersInput{})
				return err
			}))
			faults, err := at.Faults(t.Context())
			require.NoError(t, err)
			require.Len(t, faults, len(test.faults))
			for i := range faults {
				assert.Equal(t, test.calls[i], faults[i].Calls, "calls of fault %d", i)
				assert.Equal(t, test.refused[i], faults[i].Refused, "refusals of fault %d", i)
			}
		})
	}
}

// A fault answers with its own status and message; setting none ends all.
func TestFaultsAreReplaced(t *testing.T) {
	t.Parallel()
	c := localawstest.Start(t, server.Options{})
	at := client.At(c.Server.Endpoint())
	list := func() error {
		_, err := c.ECS.ListClusters(t.Context(), &ecs.ListClustersInput{})
		return err
	}
	fault := client.Fault{Code: "AccessDeniedException", Message: "not today", Status: http.StatusForbidden, Calls: 7, Refused: 7}
	require.NoError(t, at.SetFaults(t.Context(), fault))
	err := list()
	require.ErrorContains(t, err, "not today")
	require.ErrorContains(t, err, "StatusCode: 403")
	faults, err := at.Faults(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, faults[0].Calls, "counting begins when a fault is set")
	require.NoError(t, at.SetFaults(t.Context()))
	require.NoError(t, list())
}

func TestFaultsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := localawstest.Start(t, server.Options{})
	at := client.At(c.Server.Endpoint())
	require.NoError(t, at.SetFaults(t.Context(), client.Fault{Code: "Kept", Services: []string{"none"}}))
	for want, fault := range map[string]client.Fault{
		"a fault needs a Code":                  {},
		"Times and Every must be at least 0":    {Code: "a", Times: -1},
		"the fault b: Times and Every must be ": {Code: "b", Every: -1},
		"Status 42 must be from 400 to 599":     {Code: "a", Status: 42},
	} {
		require.ErrorContains(t, at.SetFaults(t.Context(), client.Fault{Code: "good"}, fault), want)
	}
	for _, body := range []string{"", "{}", `[{"Cod": "a"}]`} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, at.Endpoint.Endpoint+client.FaultsPath, strings.NewReader(body))
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusBadRequest, response.StatusCode, body)
	}
	faults, err := at.Faults(t.Context())
	require.NoError(t, err)
	require.Len(t, faults, 1, "what is refused changes nothing")
	assert.Equal(t, "Kept", faults[0].Code)
}
