package s3

import (
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// replicationXML is a replication configuration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html
type replicationXML struct {
	Role  string
	Rules []replicationRule `xml:"Rule"`
}

type replicationRule struct {
	ID       string
	Priority *int64
	Prefix   *string
	Filter   *struct {
		Prefix *string
		Tag    *tags.Tag
		And    *struct {
			Prefix *string
			Tags   []tags.Tag `xml:"Tag"`
		}
	}
	Status       string
	DeleteMarker *struct{ Status string } `xml:"DeleteMarkerReplication"`
	Existing     *struct{ Status string } `xml:"ExistingObjectReplication"`
	Selection    *struct {
		KMS *struct{ Status string } `xml:"SseKmsEncryptedObjects"`
		Own *struct{ Status string } `xml:"ReplicaModifications"`
	} `xml:"SourceSelectionCriteria"`
	Destination struct {
		Bucket       string
		Account      string
		StorageClass string
		Owner        *struct{ Owner string }           `xml:"AccessControlTranslation"`
		Encryption   *struct{ ReplicaKmsKeyID string } `xml:"EncryptionConfiguration"`
		Time         *struct {
			Status string
			Time   struct{ Minutes int64 }
		} `xml:"ReplicationTime"`
		Metrics *struct {
			Status    string
			Threshold *struct{ Minutes int64 } `xml:"EventThreshold"`
		}
	}
}

func (s *bucketOperations) checkReplication(c *call) error {
	var in replicationXML
	if err := rest.DecodeXML(c.Body, "ReplicationConfiguration", &in); err != nil {
		return malformedXML(err)
	}
	if c.bucket.Versioning != versioningEnabled {
		return invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
	}
	if !strings.Contains(in.Role, ":role/") {
		return invalidRequest("The Role is not the ARN of an IAM role: %q", in.Role)
	}
	for _, rule := range in.Rules {
		destination, exists := s.buckets.Get(rule.bucket())
		if !exists {
			return invalidRequest("Destination bucket must exist: %s", rule.Destination.Bucket)
		}
		if destination.Versioning != versioningEnabled {
			return invalidRequest("Destination bucket must have versioning enabled: %s", rule.Destination.Bucket)
		}
	}
	return nil
}

// bucket is the name in the destination's ARN.
func (r *replicationRule) bucket() string {
	_, name, _ := strings.Cut(r.Destination.Bucket, ":::")
	return name
}

func (r *replicationRule) covers(v *version) bool {
	prefix := r.Prefix
	var list []tags.Tag
	if f := r.Filter; f != nil {
		if f.Prefix != nil {
			prefix = f.Prefix
		}
		if f.Tag != nil {
			list = []tags.Tag{*f.Tag}
		}
		if f.And != nil {
			prefix, list = f.And.Prefix, f.And.Tags
		}
	}
	for _, tag := range list {
		if v.Tags[tag.Key] != tag.Value {
			return false
		}
	}
	if v.DeleteMarker && (r.DeleteMarker == nil || r.DeleteMarker.Status != "Enabled") {
		return false
	}
	return r.Status == "Enabled" && (prefix == nil || strings.HasPrefix(v.Key, *prefix))
}

const replicaHeader = "X-Amz-Replication-Status"
