// Package s3 is Amazon S3: buckets with their sub-resources, objects with
// versions, multipart uploads, and the tag calls of S3 Control.
//
// API: https://docs.aws.amazon.com/AmazonS3/latest/API/.
package s3

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// Service is S3. Its methods are called with the account's lock held.
type Service struct {
	account *core.Account
	blobs   blobs
	state   state
	routes  []route
}

// state is what outlives the process, but for the objects' bodies.
type state struct {
	Buckets map[string]*bucket
}

// bucket is a bucket and all that is in it.
type bucket struct {
	Name    string
	Region  string
	Created time.Time
	// Config holds the sub-resources as they were put, by their name in the
	// query string: "policy", "cors", ...
	Config map[string]string
	Tags   core.Tags
	// Versioning is "", Enabled or Suspended.
	Versioning string
	// MinimumTransitionSize is what a lifecycle's PUT gave in its header.
	MinimumTransitionSize string
	// Objects are the versions by key, the newest last.
	Objects map[string][]*version
	Uploads map[string]*upload
}

// New returns an S3 without buckets. Objects' bodies are kept in files below
// directory, or in memory when that is "".
func New(a *core.Account, directory string) *Service {
	s := &Service{account: a, blobs: newBlobs(directory), state: state{Buckets: map[string]*bucket{}}}
	s.routes = s.table()
	return s
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{Name: "s3", Protocol: wire.REST, REST: s.operation}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "s3" }

// Snapshot returns all state but the objects' bodies, which are in files.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := state{Buckets: map[string]*bucket{}}
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("restoring s3: %w", err)
	}
	s.state = restored
	return nil
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	objects := 0
	for _, b := range s.state.Buckets {
		for _, versions := range b.Objects {
			objects += len(versions)
		}
	}
	return map[string]int{"buckets": len(s.state.Buckets), "object versions": objects}
}

// PutObject stores an object, as the owner of the bucket would.
func (s *Service) PutObject(bucketName, key string, body []byte) error {
	b, err := s.bucket(bucketName)
	if err != nil {
		return err
	}
	_, err = s.store(b, key, body, map[string]string{"Content-Type": "binary/octet-stream"}, nil)
	return err
}

// Object is the body of an object's newest version.
func (s *Service) Object(bucketName, key string) (body []byte, ok bool) {
	b, exists := s.state.Buckets[bucketName]
	if !exists {
		return nil, false
	}
	v := b.latest(key)
	if v == nil || v.DeleteMarker {
		return nil, false
	}
	body, err := s.blobs.get(v.Blob)
	return body, err == nil
}

func (s *Service) bucket(name string) (*bucket, error) {
	b, ok := s.state.Buckets[name]
	if !ok {
		return nil, noSuchBucket(name)
	}
	return b, nil
}
