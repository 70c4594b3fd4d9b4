package s3

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// knownHeaders are the headers that have effect, or say how the request was
// signed and sent. Any other that begins with x-amz- is refused by name.
var knownHeaders = []string{
	"X-Amz-Acl", "X-Amz-Bucket-Object-Lock-Enabled", "X-Amz-Object-Ownership", "X-Amz-Expected-Bucket-Owner",
	"X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amz-Decoded-Content-Length",
	"X-Amz-Trailer", "X-Amz-Sdk-Checksum-Algorithm", "X-Amz-Checksum-Algorithm", "X-Amz-Checksum-Mode", "X-Amz-Checksum-Type",
	"X-Amz-Copy-Source", "X-Amz-Copy-Source-Range", "X-Amz-Copy-Source-If-Match", "X-Amz-Metadata-Directive", "X-Amz-Tagging-Directive",
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

// readBody takes the chunks' framing away, where there is one, and checks the
// body against the digests that were sent.
func (c *call) readBody() error {
	digest := c.Header.Get("X-Amz-Content-Sha256")
	if strings.HasPrefix(digest, "STREAMING-") {
		body, trailer, err := decodeChunks(c.Body)
		if err != nil {
			return refuse(http.StatusBadRequest, "IncompleteBody", "The chunked body can't be read: %v", err)
		}
		if length := c.Header.Get("X-Amz-Decoded-Content-Length"); length != "" && length != strconv.Itoa(len(body)) {
			return refuse(http.StatusBadRequest, "IncompleteBody", "The body has %d bytes, not %s", len(body), length)
		}
		c.Body = body
		for name, values := range trailer {
			c.Header[name] = values
		}
	} else if len(digest) == 2*sha256.Size {
		sum := sha256.Sum256(c.Body)
		if hex.EncodeToString(sum[:]) != strings.ToLower(digest) {
			return refuse(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
		}
	}
	if c.Method == http.MethodPost && c.Query.Has("uploadId") {
		return nil // the checksum is that of the object to be completed
	}
	return verifyChecksums(c.Header, c.Body)
}

// decodeChunks reads the content encoding aws-chunked: chunks with their
// length in hexadecimal and perhaps a signature, and headers at the end.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
func decodeChunks(framed []byte) (body []byte, trailer http.Header, err error) {
	rest := framed
	for {
		line, after, found := bytes.Cut(rest, []byte("\r\n"))
		if !found {
			return nil, nil, errChunk("a chunk lacks its length")
		}
		length, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(length), 16, 31)
		if err != nil {
			return nil, nil, errChunk("a chunk's length is " + strconv.Quote(string(length)))
		}
		if size == 0 {
			return body, readTrailer(after), nil
		}
		if uint64(len(after)) < size+2 || after[size] != '\r' || after[size+1] != '\n' {
			return nil, nil, errChunk("a chunk is shorter than it says")
		}
		body = append(body, after[:size]...)
		rest = after[size+2:]
	}
}

type errChunk string

func (e errChunk) Error() string { return string(e) }

func readTrailer(text []byte) http.Header {
	trailer := http.Header{}
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		name, value, found := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if found {
			trailer.Set(string(name), string(bytes.TrimSpace(value)))
		}
	}
	return trailer
}
