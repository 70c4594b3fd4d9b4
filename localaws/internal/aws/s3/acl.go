package s3

import (
	"net/http"
	"slices"
	"strings"
)

// cannedGrants are, for each canned ACL, the permissions that it gives to
// others than the owner.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
var cannedGrants = map[string][][2]string{
	"private":                   nil,
	"public-read":               {{"global/AllUsers", "READ"}},
	"public-read-write":         {{"global/AllUsers", "READ"}, {"global/AllUsers", "WRITE"}},
	"authenticated-read":        {{"global/AuthenticatedUsers", "READ"}},
	"log-delivery-write":        {{"s3/LogDelivery", "WRITE"}, {"s3/LogDelivery", "READ_ACP"}},
	"bucket-owner-read":         nil,
	"bucket-owner-full-control": nil,
}

func (b *bucket) aclsDisabled() bool {
	return strings.Contains(b.Config["ownershipControls"], enforcedOwnership)
}

// setCannedACL keeps the ACL by its name, with a "canned:" in front.
func (b *bucket) setCannedACL(canned string) error {
	grants, known := cannedGrants[canned]
	if !known {
		return invalidArgument("The canned ACL %q is not known", canned)
	}
	if b.aclsDisabled() && !slices.Contains([]string{"private", "bucket-owner-full-control"}, canned) {
		return refuse(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	public := slices.ContainsFunc(grants, func(g [2]string) bool { return strings.HasPrefix(g[0], "global/") })
	if public && strings.Contains(b.Config["publicAccessBlock"], "<BlockPublicAcls>true</BlockPublicAcls>") {
		return refuse(http.StatusForbidden, "AccessDenied", "public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.")
	}
	b.Config["acl"] = "canned:" + canned
	return nil
}

func (s *bucketOperations) getBucketACL(c *call) (*answer, error) {
	return s.renderACL(c.bucket.Config["acl"]), nil
}

func (s *bucketOperations) renderACL(stored string) *answer {
	if stored != "" && !strings.HasPrefix(stored, "canned:") {
		return &answer{raw: []byte(stored)}
	}
	owner := s.owner()
	const schema = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><AccessControlPolicy xmlns="` + namespace + `"><Owner><ID>` + owner.ID +
		`</ID></Owner><AccessControlList><Grant><Grantee ` + schema + ` xsi:type="CanonicalUser"><ID>` + owner.ID +
		`</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>`)
	for _, grant := range cannedGrants[strings.TrimPrefix(stored, "canned:")] {
		b.WriteString(`<Grant><Grantee ` + schema + ` xsi:type="Group"><URI>http://acs.amazonaws.com/groups/` + grant[0] +
			`</URI></Grantee><Permission>` + grant[1] + `</Permission></Grant>`)
	}
	b.WriteString(`</AccessControlList></AccessControlPolicy>`)
	return &answer{raw: []byte(b.String())}
}

func (s *bucketOperations) putBucketACL(c *call) (*answer, error) {
	if canned := c.Header.Get("X-Amz-Acl"); canned != "" {
		return &answer{}, c.bucket.setCannedACL(canned)
	}
	if c.bucket.aclsDisabled() {
		return nil, refuse(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	body, err := canonicalXML(c.Body, "AccessControlPolicy")
	if err != nil {
		return nil, malformedXML(err)
	}
	c.bucket.Config["acl"] = string(body)
	return &answer{}, nil
}
