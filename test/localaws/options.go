// Package localaws is an AWS that is small but alive: Terraform, the AWS
// provider, the SDKs and the AWS CLI talk to it, its load balancers listen,
// its health checks dial real sockets, and its tasks run.
//
// Three layers: wire speaks the protocols; one package a service keeps the
// state (ec2, elbv2, ecs, ...); loadbalancer, agent and dns are the world in
// which the state has effect. This package puts them together.
package localaws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/localaws/admin"
	"github.com/infrahouse/terraform-aws-ecs/test/localaws/clock"
)

// Options are how a localaws is to be. The zero value is usable: it is a
// localaws in us-west-2 on a free port that leaves nothing behind.
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
	// Speed is how many times faster than on AWS time passes:
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
	for _, address := range o.Listen {
		if !address.Addr().IsLoopback() {
			return o, fmt.Errorf("refusing to listen on %s: localaws stays on loopback addresses, such as 127.0.0.1:4566", address)
		}
	}
	if o.Region == "" {
		o.Region = "us-west-2"
	}
	if o.Zone == "" {
		o.Zone = "localaws.test"
	}
	o.Zone = strings.TrimSuffix(strings.ToLower(o.Zone), ".")
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
	snapshotFile = "snapshot.json"
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
		snapshotFile, snapshotFile + ".part", pkiDirectory, objectsDir, tasksDir, filesDir, caFile,
		admin.EndpointFile, admin.EndpointFile + ".part",
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
