package s3

import "net/http"

// checkACL refuses an ACL that gives others a permission: like every bucket that
// is created with the defaults since April 2023, localaws's have no ACLs.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
func (c *call) checkACL() error {
	switch c.Header.Get("X-Amz-Acl") {
	case "", "private", "bucket-owner-full-control":
		return nil
	}
	return refuse(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
}

// getBucketACL answers with the only grant that there is, the owner's.
func (s *bucketOperations) getBucketACL(*call) (*answer, error) {
	owner := s.owner()
	return &answer{raw: []byte(`<?xml version="1.0" encoding="UTF-8"?><AccessControlPolicy xmlns="` + namespace + `"><Owner><ID>` + owner.ID +
		`</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>` + owner.ID +
		`</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`)}, nil
}
