package s3

import (
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// nullVersion is the version id of what was put without versioning.
const nullVersion = "null"

// version is one version of an object, or a delete marker.
type version struct {
	Bucket, Key string
	ID          string
	// Sequence is higher than that of the key's older versions.
	Sequence     uint64
	DeleteMarker bool
	Body         body
	ETag         string // with quotation marks
	Modified     time.Time
	// Meta are the headers that come back with the object.
	Meta         map[string]string
	ChecksumName string // the header's last part
	Checksum     string
}

// recordID sorts as S3 lists: by key, and the newest version of a key first. No
// key has a zero byte.
func (v *version) recordID() string {
	return fmt.Sprintf("%s%016x", versionsPrefix(v.Bucket, v.Key), math.MaxUint64-v.Sequence)
}

func versionsPrefix(bucket, key string) string { return bucket + "/" + key + "\x00" }

// versions are the versions of all objects, and their bodies.
type versions struct {
	records *store.Collection[*version]
	files   files
}

// under yields the versions of the keys in a bucket that begin with a prefix: by
// key, and the newest version of a key first.
func (s versions) under(bucket, prefix string) iter.Seq[*version] {
	return values(s.records.Prefix(bucket + "/" + prefix))
}

// of yields an object's versions, the newest first.
func (s versions) of(bucket, key string) iter.Seq[*version] {
	return values(s.records.Prefix(versionsPrefix(bucket, key)))
}

func values[T any](records iter.Seq2[string, T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, record := range records {
			if !yield(record) {
				return
			}
		}
	}
}

// latest is an object's newest version, or nil.
func (s versions) latest(bucket, key string) *version {
	for v := range s.of(bucket, key) {
		return v
	}
	return nil
}

// get finds a version by its id, or nil.
func (s versions) get(bucket, key, id string) *version {
	for v := range s.of(bucket, key) {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// add records a version as an object's newest.
func (s versions) add(v *version) {
	if latest := s.latest(v.Bucket, v.Key); latest != nil {
		v.Sequence = latest.Sequence + 1
	}
	s.files.hold(v.Body)
	s.records.Put(v.recordID(), v)
}

// drop removes a version for good; nil is none.
func (s versions) drop(v *version) {
	if v != nil {
		s.files.release(v.Body)
		s.records.Delete(v.recordID())
	}
}
