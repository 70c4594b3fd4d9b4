package s3

import (
	"net/http"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// records are all that S3 keeps, and what more than one kind of operation does
// with it.
type records struct {
	account  *core.Account
	files    files
	buckets  *store.Collection[*bucket] // by name
	versions versions
}

// newRecords keeps objects' bodies in files below directory.
func newRecords(a *core.Account, directory string) *records {
	f := newFiles(a.Records, directory)
	return &records{
		account: a, files: f,
		buckets:  store.NewCollection[*bucket](a.Records, "s3", "buckets"),
		versions: versions{store.NewCollection[*version](a.Records, "s3", "versions"), f},
	}
}

// owner is the account as S3 writes it: with a canonical user id.
func (s *records) owner() ownerXML {
	return ownerXML{ID: strings.Repeat("0", 52) + s.account.ID, DisplayName: "localaws"}
}

// version is the one that the request names, or the newest one; for reading only.
func (s *records) version(c *call) (*version, error) {
	id := c.Query.Get("versionId")
	if id == "" {
		v := s.versions.latest(c.name, c.key)
		switch {
		case v == nil:
			return nil, noSuchKey(c.key)
		case v.DeleteMarker:
			header := http.Header{"X-Amz-Delete-Marker": {"true"}, "X-Amz-Version-Id": {v.ID}}
			return nil, &withHeader{noSuchKey(c.key), header}
		}
		return v, nil
	}
	v := s.versions.get(c.name, c.key, id)
	if v == nil {
		return nil, noSuchVersion(id)
	}
	if v.DeleteMarker {
		header := http.Header{"X-Amz-Delete-Marker": {"true"}, "Allow": {"DELETE"}}
		return nil, &withHeader{refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against a delete marker."), header}
	}
	return v, nil
}

// store makes a version the newest of an object. In a bucket without versioning, or
// with it suspended, it takes the place of the null version.
func (s *records) store(b *bucket, v *version) error {
	if len(v.Key) > 1024 {
		return refuse(http.StatusBadRequest, "KeyTooLongError", "Your key is too long: %d bytes", len(v.Key))
	}
	v.Bucket, v.ID, v.Modified = b.Name, ids.Hex(32), s.account.Clock.Now()
	replaced := (*version)(nil)
	if b.Versioning != versioningEnabled {
		v.ID = nullVersion
		replaced = s.versions.get(b.Name, v.Key, nullVersion)
	}
	s.versions.add(v)
	s.versions.drop(replaced)
	return nil
}

// tidy removes the files that no object has any more, and those that a
// failed operation wrote. It is called without the account's lock.
func (s *records) tidy(written ...string) {
	var unused []string
	s.account.View(func() {
		for id := range s.files.unused.All() {
			unused = append(unused, id)
		}
		for _, id := range written {
			if !s.files.used.Has(id) {
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
func (s *records) bucket(name string) (*bucket, error) {
	b, ok := s.buckets.Get(name)
	if !ok {
		return nil, noSuchBucket(name)
	}
	return b, nil
}
