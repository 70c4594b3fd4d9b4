// Package localawstest gives tests a localaws inside their own process.
package localawstest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/server"
)

// Options are how a localaws is to be; the zero value is a good one.
type Options = server.Options

// Cloud is a running localaws with clients for it.
type Cloud struct {
	*stack.Cloud
	Server *server.Server
}

// Start runs a localaws until the test has ended.
func Start(t testing.TB, options Options) *Cloud {
	t.Helper()
	if options.Directory == "" {
		options.Directory = t.TempDir()
	}
	// Not the test's own context: that is done before the clean-up runs.
	s, err := server.Start(context.WithoutCancel(t.Context()), options)
	require.NoError(t, err, "starting localaws")
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("stopping localaws: %v", err)
		}
	})
	return &Cloud{Cloud: stack.Connect(t, s.Endpoint()), Server: s}
}
