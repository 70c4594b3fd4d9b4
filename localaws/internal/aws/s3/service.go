// Package s3 is Amazon S3: buckets with their sub-resources, objects with
// versions, multipart uploads, and the tag calls of S3 Control.
//
// API: https://docs.aws.amazon.com/AmazonS3/latest/API/.
package s3

import (
	"io"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// Service is S3. Its methods are called with the account's lock held, except
// Deliver.
type Service struct {
	account  *core.Account
	files    files
	buckets  *store.Collection[*bucket] // by name
	versions versions
	uploads  uploads
	routes   []route
}

// bucket is a bucket; what is in it are records of their own.
type bucket struct {
	Name    string
	Region  string
	Created time.Time
	// Config holds the sub-resources as they were put, by their name in the
	// query string: "policy", "cors", ...
	Config map[string]string
	Tags   tags.Set
	// Versioning is "", Enabled or Suspended.
	Versioning string
	// MinimumTransitionSize is what a lifecycle's PUT gave in its header.
	MinimumTransitionSize string
}

// New returns an S3 without buckets. Objects' bodies are kept in files below
// directory.
func New(a *core.Account, directory string) *Service {
	f := newFiles(a.Records, directory)
	s := &Service{
		account: a, files: f,
		buckets:  store.NewCollection[*bucket](a.Records, "s3", "buckets"),
		versions: versions{store.NewCollection[*version](a.Records, "s3", "versions"), f},
		uploads: uploads{
			store.NewCollection[*upload](a.Records, "s3", "uploads"), store.NewCollection[*part](a.Records, "s3", "parts"), f,
		},
	}
	s.routes = s.table()
	return s
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{Name: "s3", Protocol: wire.REST, REST: s.operation}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"buckets": s.buckets.Len(), "object versions": s.versions.records.Len()}
}

// PutObject stores a small object within another service's operation, as the owner
// of the bucket would. Its body is kept with its record.
func (s *Service) PutObject(bucketName, key string, content []byte) error {
	sums := (&call{Request: &wire.Request{}}).digests()
	_, _ = sums.Write(content) // it never fails
	return s.put(bucketName, key, sums.received(piece{Data: content, Size: sums.size}))
}

// Deliver stores an object as PutObject does. It is called without the account's
// lock, as it writes the body to a file first.
func (s *Service) Deliver(bucketName, key string, content []byte) error {
	sums := (&call{Request: &wire.Request{}}).digests()
	file, err := s.files.write(func(w io.Writer) error {
		_, err := io.MultiWriter(w, sums).Write(content)
		return err
	})
	if err != nil {
		return err
	}
	s.account.Do(func() { err = s.put(bucketName, key, sums.received(piece{File: file, Size: sums.size})) })
	s.tidy(file)
	return err
}

func (s *Service) put(bucketName, key string, r *received) error {
	b, err := s.bucket(bucketName)
	if err != nil {
		return err
	}
	v := &version{Key: key, Body: r.body, ETag: r.etag, Meta: map[string]string{"Content-Type": "binary/octet-stream"}, Tags: tags.Set{}}
	v.ChecksumName, v.Checksum = r.checksum()
	return s.store(b, v)
}

// tidy removes the files that no object and no part has any more, and those that a
// failed operation wrote. It is called without the account's lock.
func (s *Service) tidy(written ...string) {
	var unused []string
	s.account.View(func() {
		for id := range s.files.unused.All() {
			unused = append(unused, id)
		}
		for _, id := range written {
			if !s.files.uses.Has(id) {
				unused = append(unused, id)
			}
		}
	})
	if len(unused) == 0 {
		return
	}
	for _, id := range unused {
		if err := s.files.remove(id); err != nil {
			s.account.Log.Warn("removing a file of S3", "error", err)
		}
	}
	s.account.Do(func() {
		for _, id := range unused {
			s.files.unused.Delete(id)
		}
	})
}

// bucket finds a bucket; it is for reading only.
func (s *Service) bucket(name string) (*bucket, error) {
	b, ok := s.buckets.Get(name)
	if !ok {
		return nil, noSuchBucket(name)
	}
	return b, nil
}
