// Package server is a localaws: an AWS that is small but alive. Terraform, the
// AWS provider, the SDKs and the AWS CLI talk to it, its load balancers listen,
// its health checks dial real sockets, and its tasks run.
//
// It connects the parts. Package wire speaks the protocols; the packages of aws
// (ec2, elbv2, ecs, ...) keep the state of one service each; those of world
// (machines, the ECS agent, containers, the load balancers' data plane, DNS) give
// it effect; core is what the services share.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
)

// Options configure a localaws. The zero value is a localaws in us-west-2 on a
// free port that leaves nothing behind.
type Options struct {
	// Directory keeps the state; "" means a temporary one that Close removes.
	Directory string
	// Listen are the loopback addresses and ports for the API: the first
	// that is free is taken. None means 127.0.0.1 with a free port.
	Listen []netip.AddrPort
	// Region is us-west-2 when empty.
	Region string
	// Zone is the registered domain that the account comes with:
	// localaws.test when empty.
	Zone string
	// Speed is how many times faster than on AWS time passes, at most 10000:
	// clock.DefaultSpeed when 0.
	Speed float64
	// Clock replaces the scaled clock, for tests.
	Clock clock.Clock
	// Runtime is "embedded" (also when empty) or "docker".
	Runtime string
	// Stop is called when a client of the admin interface asks to stop.
	Stop context.CancelFunc
	// Log gets what happens; nil discards it.
	Log *slog.Logger

	temporary bool
}

func (o Options) withDefaults() (Options, error) {
	if len(o.Listen) == 0 {
		o.Listen = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	}
	if o.Region == "" {
		o.Region = "us-west-2"
	}
	if o.Zone == "" {
		o.Zone = "localaws.test"
	}
	o.Zone = strings.TrimSuffix(strings.ToLower(o.Zone), ".")
	if err := o.check(); err != nil {
		return o, err
	}
	if o.Clock == nil {
		o.Clock = clock.New(o.Speed)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Stop == nil {
		o.Stop = func() {}
	}
	return o.withDirectory()
}

// regionName and zoneName are what clients can ask for.
var (
	regionName = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`)
	zoneName   = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?[.])*[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// maxSpeed is that of a clock on which AWS's second still lasts.
const maxSpeed = 10_000

// check refuses options with which localaws would start and not work.
func (o Options) check() error {
	for _, address := range o.Listen {
		if !address.Addr().IsLoopback() {
			return fmt.Errorf("refusing to listen on %s: localaws stays on loopback addresses, such as 127.0.0.1:4566", address)
		}
	}
	switch {
	case !regionName.MatchString(o.Region):
		return fmt.Errorf("%q is not a valid region, such as us-west-2", o.Region)
	case !zoneName.MatchString(o.Zone):
		return fmt.Errorf("%q is not a valid domain, such as localaws.test", o.Zone)
	case o.Speed < 0, o.Speed > maxSpeed, math.IsNaN(o.Speed):
		return fmt.Errorf("speed %g must be above 0 and at most %d; 1 is AWS's own pace", o.Speed, maxSpeed)
	}
	return nil
}

func (o Options) withDirectory() (Options, error) {
	var err error
	if o.Directory == "" {
		o.temporary = true
		o.Directory, err = os.MkdirTemp("", "localaws-")
	} else {
		o.Directory, err = filepath.Abs(o.Directory)
	}
	if err != nil {
		return o, fmt.Errorf("finding a directory for the state: %w", err)
	}
	return o, nil
}

// What a localaws keeps in its directory.
const (
	stateFile    = "state.db"
	oldStateFile = "snapshot.json" // of releases before that
	pkiDirectory = "pki"
	objectsDir   = "s3"
	tasksDir     = "instances"
	filesDir     = "efs"
	caFile       = "ca.pem"
)

// RemoveState removes what a localaws, which must have ended, left in its
// directory, and the directory when nothing else is in it. alsoFiles are names
// of files of the caller's.
func RemoveState(dir string, alsoFiles ...string) error {
	names := append([]string{
		stateFile, oldStateFile, pkiDirectory, objectsDir, tasksDir, filesDir, caFile,
		client.EndpointFile, client.EndpointFile + ".part",
	}, alsoFiles...)
	var failed error
	for _, name := range names {
		failed = errors.Join(failed, os.RemoveAll(filepath.Join(dir, name)))
	}
	if failed != nil {
		return fmt.Errorf("removing the state: %w", failed)
	}
	_ = os.Remove(dir) // stays when something else is in it
	return nil
}
