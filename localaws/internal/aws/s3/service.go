// Package s3 is Amazon S3: buckets with their sub-resources, objects with
// versions, and the tag calls of S3 Control.
//
// Each kind of resource has a type with its operations; all of them share the
// records. The router finds the operation of a request.
//
// API: https://docs.aws.amazon.com/AmazonS3/latest/API/.
package s3

import (
	_ "embed"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// Service is S3. Its methods are called with the account's lock held, except
// Deliver.
type Service struct {
	*records
	*delivery
	*tagOperations
	router *router
}

// bucket is a bucket; what is in it are records of their own.
type bucket struct {
	Name   string
	Region string
	// Config holds the sub-resources as they were put, by their name in the
	// query string: "policy", "lifecycle", ...
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
	r := newRecords(a, directory)
	in, tags := &receiver{r}, &tagOperations{r}
	return &Service{
		records: r, delivery: &delivery{r}, tagOperations: tags,
		router: &router{records: r, receiver: in, tags: tags, routes: table(
			&bucketOperations{r}, &listOperations{r}, &objectOperations{r, in}, tags, in,
		)},
	}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{Name: "s3", AnyRegion: true, Protocol: wire.REST, REST: s.router.operation}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"buckets": s.buckets.Len(), "object versions": s.versions.records.Len()}
}
