package s3

import (
	"net/http"
	"slices"
	"strings"
)

// knownHeaders are the headers that have effect, or say how the request was
// signed and sent. Any other that begins with x-amz- is refused by name.
var knownHeaders = []string{
	"X-Amz-Acl", "X-Amz-Bucket-Object-Lock-Enabled", "X-Amz-Object-Ownership", "X-Amz-Expected-Bucket-Owner",
	"X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amz-Decoded-Content-Length",
	"X-Amz-Trailer", "X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Checksum-Algorithm", "X-Amz-Checksum-Mode", "X-Amz-Checksum-Type",
	"X-Amz-Copy-Source", "X-Amz-Copy-Source-If-Match", "X-Amz-Metadata-Directive", "X-Amz-Tagging-Directive",
	"X-Amz-Tagging", "X-Amz-Storage-Class", "X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id",
	"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled", "X-Amz-Transition-Default-Minimum-Object-Size",
	"X-Amz-Bypass-Governance-Retention", "X-Amz-Request-Payer", "X-Amz-Optional-Object-Attributes", "X-Amz-Account-Id",
	"X-Amz-Source-Account", "X-Amz-Confirm-Remove-Self-Bucket-Access", "X-Amz-Mp-Object-Size", "X-Amz-Website-Redirect-Location",
	"X-Amz-Bucket-Object-Lock-Token", "X-Amz-Grant-Full-Control",
}

func (c *call) checkHeaders() error {
	for name := range c.Header {
		if !strings.HasPrefix(name, "X-Amz-") || strings.HasPrefix(name, metaPrefix) || strings.HasPrefix(name, checksumPrefix) {
			continue
		}
		if !slices.Contains(knownHeaders, name) {
			return refuse(http.StatusBadRequest, "NotImplemented", "localaws does not know the header %s", strings.ToLower(name))
		}
	}
	return nil
}
