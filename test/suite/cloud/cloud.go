// Package cloud knows where the tests run: on localaws or on AWS.
package cloud

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// Cloud is all that the tests know of where they run: localaws or AWS.
type Cloud interface {
	// Environment is what Terraform gets on top of the process's own.
	Environment() []string
	// Config is for the SDK's clients.
	Config() aws.Config
	// Client sends requests to listeners by their DNS names.
	Client() *http.Client
	// ParentZone is the public zone below which the tests make one.
	ParentZone() string
	// CurlOptions are what curl needs to reach a listener as Client does. A
	// remark says what is unusual about it.
	CurlOptions(ctx context.Context, host string, port int) (options []string, remark string, err error)
	// Patience says how long to wait for target health.
	Patience() targethealth.Patience
	// Leftovers lists what is there though all was destroyed.
	Leftovers(ctx context.Context) ([]string, error)
	// Close ends what was started of the cloud, with all that it holds.
	Close(ctx context.Context) error
}

// Open returns the cloud that the settings name. localawsDir is the directory
// of the localaws of the work directory in use; one that does not run yet is
// built from the repository at root and started.
func Open(ctx context.Context, s settings.Settings, root, localawsDir string, note func(string)) (Cloud, error) {
	var cloud Cloud
	var err error
	if s.Cloud == settings.AWS {
		cloud, err = openAWS(ctx, s)
	} else {
		cloud, err = openLocal(ctx, s, root, localawsDir, note)
	}
	if err != nil {
		return nil, err // not a nil pointer in an interface
	}
	return cloud, nil
}
