package s3

import (
	"net/http"
	"slices"
	"strings"
)

// knownHeaders are the headers that have effect, or say how the request was
// signed and sent. Any other that begins with x-amz- is refused by name.
var knownHeaders = []string{
	"X-Amz-Acl", "X-Amz-Expected-Bucket-Owner", "X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-User-Agent",
	"X-Amz-Decoded-Content-Length", "X-Amz-Trailer", "X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Checksum-Mode",
	"X-Amz-Storage-Class", "X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id",
	"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled", "X-Amz-Transition-Default-Minimum-Object-Size",
	"X-Amz-Bypass-Governance-Retention", "X-Amz-Optional-Object-Attributes", "X-Amz-Account-Id",
}

// objectLockHeader comes with each CreateBucket of Terraform, with the value false.
const objectLockHeader = "X-Amz-Bucket-Object-Lock-Enabled"

// unknownHeaders are headers of HTTP without which the answer would be another.
var unknownHeaders = []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}

func (c *call) checkHeaders() error {
	for name := range c.Header {
		own := strings.HasPrefix(name, "X-Amz-") && !strings.HasPrefix(name, metaPrefix) && !strings.HasPrefix(name, checksumPrefix)
		disabled := name == objectLockHeader && c.Header.Get(name) == "false"
		if (own && !disabled && !slices.Contains(knownHeaders, name)) || slices.Contains(unknownHeaders, name) {
			return refuse(http.StatusBadRequest, "NotImplemented", "localaws does not know the header %s", strings.ToLower(name))
		}
	}
	return nil
}
