package s3

import (
	"cmp"
	"net/http"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// remove deletes a version for good, or without a version id the object: with
// versioning that only adds a delete marker.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
func (s *objectOperations) remove(b *bucket, key, id string) (removed *version, err error) {
	if id == "" && b.Versioning != "" {
		marker := &version{Key: key, DeleteMarker: true}
		return marker, s.store(b, marker)
	}
	removed = s.versions.get(b.Name, key, cmp.Or(id, nullVersion))
	s.versions.drop(removed)
	if id == "" {
		return nil, nil
	}
	return removed, nil
}

func (s *objectOperations) deleteObject(c *call) (*answer, error) {
	removed, err := s.remove(c.bucket, c.key, c.Query.Get("versionId"))
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	if removed != nil {
		header.Set("X-Amz-Version-Id", removed.ID)
		if removed.DeleteMarker {
			header.Set("X-Amz-Delete-Marker", "true")
		}
	}
	return &answer{status: http.StatusNoContent, header: header}, nil
}

type deleteRequest struct {
	Objects []struct {
		Key       string
		VersionID string `xml:"VersionId"`
	} `xml:"Object"`
	Quiet bool
}

type deletedXML struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type deleteResultXML struct{ Deleted []deletedXML }

func (s *objectOperations) deleteObjects(c *call) (*answer, error) {
	var in deleteRequest
	if err := rest.DecodeXML(c.Body, "Delete", &in); err != nil {
		return nil, malformedXML(err)
	}
	if len(in.Objects) == 0 || len(in.Objects) > 1000 {
		return nil, malformedXML(errChunk("it should name 1 to 1000 objects"))
	}
	var out deleteResultXML
	for _, object := range in.Objects {
		removed, err := s.remove(c.bucket, object.Key, object.VersionID)
		if err != nil {
			return nil, err
		}
		one := deletedXML{Key: object.Key, VersionID: object.VersionID}
		if removed != nil && removed.DeleteMarker {
			one.DeleteMarker, one.DeleteMarkerVersionID = true, removed.ID
		}
		if !in.Quiet {
			out.Deleted = append(out.Deleted, one)
		}
	}
	return &answer{root: "DeleteResult", body: out}, nil
}
