package s3

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

const (
	versioningEnabled   = "Enabled"
	versioningSuspended = "Suspended"

	blockAllPublicAccess = `<PublicAccessBlockConfiguration xmlns="` + namespace + `"><BlockPublicAcls>true</BlockPublicAcls>` +
		`<IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>` +
		`<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`

	ownEncryption = `<ServerSideEncryptionConfiguration xmlns="` + namespace + `"><Rule><ApplyServerSideEncryptionByDefault>` +
		`<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`
)

// subresource is a part of a bucket's configuration: what was put comes back.
type subresource struct {
	name      string // in the query string
	operation string // the API's name, without Get, Put, Delete
	root      string // the outermost element; "" for the policy, which is JSON
	// absent is the body when nothing was put; "" means the error missing.
	absent string
	// missing is the code of that error, message its text.
	missing, message string
	// check refuses a body that is wrong, and notes what has an effect.
	check func(*call) error
}

// subresources are the parts of a bucket's configuration that can be put.
func subresources() []subresource {
	return []subresource{
		{name: "encryption", operation: "BucketEncryption", root: "ServerSideEncryptionConfiguration", absent: ownEncryption, check: checkEncryption},
		{name: "lifecycle", operation: "BucketLifecycleConfiguration", root: "LifecycleConfiguration", missing: "NoSuchLifecycleConfiguration", message: "The lifecycle configuration does not exist", check: checkLifecycle},
		{name: "policy", operation: "BucketPolicy", missing: "NoSuchBucketPolicy", message: "The bucket policy does not exist", check: checkBucketPolicy},
		{name: "publicAccessBlock", operation: "PublicAccessBlock", root: "PublicAccessBlockConfiguration", missing: "NoSuchPublicAccessBlockConfiguration", message: "The public access block configuration was not found"},
		{name: "versioning", operation: "BucketVersioning", root: "VersioningConfiguration", absent: empty("VersioningConfiguration"), check: checkVersioning},
	}
}

// fixed are those that no bucket of localaws has. Terraform reads them.
func fixed() []subresource {
	return []subresource{
		{name: "accelerate", operation: "BucketAccelerateConfiguration", root: "AccelerateConfiguration", absent: empty("AccelerateConfiguration")},
		{name: "cors", operation: "BucketCors", root: "CORSConfiguration", missing: "NoSuchCORSConfiguration", message: "The CORS configuration does not exist"},
		{name: "logging", operation: "BucketLogging", root: "BucketLoggingStatus", absent: empty("BucketLoggingStatus")},
		{name: "object-lock", operation: "ObjectLockConfiguration", root: "ObjectLockConfiguration", missing: "ObjectLockConfigurationNotFoundError", message: "Object Lock configuration does not exist for this bucket"},
		{name: "replication", operation: "BucketReplication", root: "ReplicationConfiguration", missing: "ReplicationConfigurationNotFoundError", message: "The replication configuration was not found"},
		{name: "requestPayment", operation: "BucketRequestPayment", root: "RequestPaymentConfiguration", absent: `<RequestPaymentConfiguration xmlns="` + namespace + `"><Payer>BucketOwner</Payer></RequestPaymentConfiguration>`},
		{name: "website", operation: "BucketWebsite", root: "WebsiteConfiguration", missing: "NoSuchWebsiteConfiguration", message: "The specified bucket does not have a website configuration"},
	}
}

func empty(root string) string { return "<" + root + ` xmlns="` + namespace + `"></` + root + ">" }

// subresourceRoutes are the operations of the buckets' configuration.
func (s *bucketOperations) subresourceRoutes() []route {
	routes := []route{{bucketLevel, "GET", "acl", nil, "GetBucketAcl", s.getBucketACL, nil}}
	for _, sub := range fixed() {
		routes = append(routes, route{bucketLevel, "GET", sub.name, nil, "Get" + sub.operation, sub.get, nil})
	}
	for _, sub := range subresources() {
		routes = append(routes,
			route{bucketLevel, "GET", sub.name, nil, "Get" + sub.operation, sub.get, nil},
			route{bucketLevel, "PUT", sub.name, nil, "Put" + sub.operation, sub.put, nil})
		if sub.name != "versioning" { // which can only be suspended
			routes = append(routes, route{bucketLevel, "DELETE", sub.name, nil, "Delete" + sub.operation, sub.remove, nil})
		}
	}
	return routes
}

func (sub subresource) get(c *call) (*answer, error) {
	body := c.bucket.Config[sub.name]
	if sub.name == "versioning" {
		body = c.bucket.versioningXML()
	}
	if body == "" {
		body = sub.absent
	}
	if body == "" {
		return nil, refuse(http.StatusNotFound, sub.missing, "%s", sub.message)
	}
	header := http.Header{"Content-Type": {"application/xml"}}
	if sub.root == "" {
		header.Set("Content-Type", "application/json")
	} else {
		body = xml.Header + body
	}
	if sub.name == "lifecycle" {
		header.Set(minimumTransitionSize, c.bucket.MinimumTransitionSize)
	}
	return &answer{header: header, raw: []byte(body)}, nil
}

func (sub subresource) put(c *call) (*answer, error) {
	out := &answer{}
	if sub.root != "" {
		body, err := canonicalXML(c.Body, sub.root)
		if err != nil {
			return nil, malformedXML(err)
		}
		c.Body = body
	} else {
		out.status = http.StatusNoContent
	}
	if sub.check != nil {
		if err := sub.check(c); err != nil {
			return nil, err
		}
	}
	if sub.name == "lifecycle" {
		out.header = http.Header{minimumTransitionSize: {c.bucket.MinimumTransitionSize}}
	}
	c.bucket.Config[sub.name] = string(c.Body)
	return out, nil
}

func (sub subresource) remove(c *call) (*answer, error) {
	delete(c.bucket.Config, sub.name)
	return &answer{status: http.StatusNoContent}, nil
}

func (b *bucket) versioningXML() string {
	if b.Versioning == "" {
		return ""
	}
	return `<VersioningConfiguration xmlns="` + namespace + `"><Status>` + b.Versioning + `</Status></VersioningConfiguration>`
}

// checkVersioning takes over the status, which decides what a PUT keeps.
func checkVersioning(c *call) error {
	var in struct{ Status, MfaDelete string }
	if err := rest.DecodeXML(c.Body, "VersioningConfiguration", &in); err != nil {
		return malformedXML(err)
	}
	if in.MfaDelete == versioningEnabled {
		return refuse(http.StatusBadRequest, "NotImplemented", "localaws has no MFA devices: MfaDelete can't be enabled")
	}
	if in.Status != versioningEnabled && in.Status != versioningSuspended {
		return malformedXML(errChunk("Status is " + in.Status + ", not Enabled or Suspended"))
	}
	c.bucket.Versioning = in.Status
	return nil
}

type encryptionXML struct {
	Rules []struct {
		Default struct {
			Algorithm string `xml:"SSEAlgorithm"`
			Key       string `xml:"KMSMasterKeyID"`
		} `xml:"ApplyServerSideEncryptionByDefault"`
		BucketKeyEnabled bool
		Blocked          []string `xml:"BlockedEncryptionTypes>EncryptionType"`
	} `xml:"Rule"`
}

func checkEncryption(c *call) error {
	var in encryptionXML
	if err := rest.DecodeXML(c.Body, "ServerSideEncryptionConfiguration", &in); err != nil {
		return malformedXML(err)
	}
	if len(in.Rules) != 1 {
		return malformedXML(errChunk("the encryption needs exactly one Rule"))
	}
	rule := in.Rules[0].Default
	if !slices.Contains([]string{"AES256", "aws:kms", "aws:kms:dsse", ""}, rule.Algorithm) {
		return malformedXML(errChunk("SSEAlgorithm is " + rule.Algorithm))
	}
	if rule.Key != "" && !strings.HasPrefix(rule.Algorithm, "aws:kms") {
		return invalidArgument("a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	}
	return nil
}

// canonicalXML checks that a body is whole and has the right root, and puts it
// into S3's namespace without an XML header.
func canonicalXML(body []byte, root string) ([]byte, error) {
	var any struct {
		XMLName xml.Name
		Inner   string `xml:",innerxml"`
	}
	if err := xml.Unmarshal(body, &any); err != nil {
		return nil, err
	}
	if any.XMLName.Local != root {
		return nil, errChunk("the body is a <" + any.XMLName.Local + ">, not a <" + root + ">")
	}
	return []byte("<" + root + ` xmlns="` + namespace + `">` + any.Inner + "</" + root + ">"), nil
}
