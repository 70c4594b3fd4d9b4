package s3

import (
	"bytes"
	"cmp"
	"crypto/md5" //nolint:gosec // S3's ETags are MD5
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// minPart is how long every part but the last has to be.
const minPart = 5 << 20

// upload is a multipart upload that is not complete.
type upload struct {
	ID        string
	Key       string
	Initiated time.Time
	Meta      map[string]string
	Tags      core.Tags
	Parts     map[int]*part
}

type part struct {
	Number   int
	Size     int64
	ETag     string
	Modified time.Time
	Blob     string
}

func (s *Service) createUpload(c *call) (*answer, error) {
	tags, err := c.headerTags()
	if err != nil {
		return nil, err
	}
	if err := c.checkWrite(); err != nil {
		return nil, err
	}
	u := &upload{
		ID: ids.Hex(48), Key: c.key, Initiated: s.account.Clock.Now(), Meta: c.metaOf(), Tags: tags, Parts: map[int]*part{},
	}
	c.bucket.Uploads[u.ID] = u
	header := http.Header{"X-Amz-Server-Side-Encryption": {u.Meta["X-Amz-Server-Side-Encryption"]}}
	if algorithm := c.Header.Get("X-Amz-Checksum-Algorithm"); algorithm != "" {
		header.Set("X-Amz-Checksum-Algorithm", algorithm)
	}
	return &answer{header: header, root: "InitiateMultipartUploadResult", body: struct {
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
	}{c.name, c.key, u.ID}}, nil
}

func (c *call) upload() (*upload, error) {
	id := c.Query.Get("uploadId")
	u, ok := c.bucket.Uploads[id]
	if !ok || u.Key != c.key {
		return nil, noSuchUpload(id)
	}
	return u, nil
}

func (s *Service) uploadPart(c *call) (*answer, error) {
	u, err := c.upload()
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(c.Query.Get("partNumber"))
	if err != nil || n < 1 || n > 10000 {
		return nil, invalidArgument("Part number must be an integer between 1 and 10000, inclusive: %q", c.Query.Get("partNumber"))
	}
	body := c.Body
	copying := c.Header.Get("X-Amz-Copy-Source") != ""
	if copying {
		if body, err = s.sourceBody(c); err != nil {
			return nil, err
		}
	}
	blob, err := s.blobs.put(body)
	if err != nil {
		return nil, err
	}
	if old := u.Parts[n]; old != nil {
		if err := s.blobs.remove(old.Blob); err != nil {
			return nil, err
		}
	}
	p := &part{Number: n, Size: int64(len(body)), ETag: etag(body), Modified: s.account.Clock.Now(), Blob: blob}
	u.Parts[n] = p
	if copying {
		return &answer{root: "CopyPartResult", body: copyXML{p.Modified.UTC(), p.ETag}}, nil
	}
	header := http.Header{"Etag": {p.ETag}}
	for name, algorithm := range checksums {
		if c.Header.Get(checksumPrefix+name) != "" {
			header.Set(checksumPrefix+name, digest(algorithm(), body))
		}
	}
	return &answer{header: header}, nil
}

// sourceBody is what a part is copied from.
func (s *Service) sourceBody(c *call) ([]byte, error) {
	from, err := s.source(c)
	if err != nil {
		return nil, err
	}
	body, err := s.blobs.get(from.Blob)
	if err != nil {
		return nil, err
	}
	if text := c.Header.Get("X-Amz-Copy-Source-Range"); text != "" {
		first, last, ok := parseRange(text, from.Size)
		if !ok {
			return nil, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last: %s", text)
		}
		body = body[first : last+1]
	}
	return body, nil
}

type completeRequest struct {
	Parts []struct {
		ETag              string
		PartNumber        int
		ChecksumCRC32     string
		ChecksumCRC32C    string
		ChecksumCRC64NVME string
		ChecksumSHA1      string
		ChecksumSHA256    string
	} `xml:"Part"`
}

// completeUpload makes an object of the parts that the request names. Its ETag
// is the MD5 of the parts' MD5s, and their number.
func (s *Service) completeUpload(c *call) (*answer, error) {
	u, err := c.upload()
	if err != nil {
		return nil, err
	}
	var in completeRequest
	if err := rest.DecodeXML(c.Body, "CompleteMultipartUpload", &in); err != nil {
		return nil, malformedXML(err)
	}
	if len(in.Parts) == 0 {
		return nil, malformedXML(errChunk("it names no Part"))
	}
	var body bytes.Buffer
	sums := md5.New() //nolint:gosec // as S3 does
	for i, named := range in.Parts {
		p := u.Parts[named.PartNumber]
		if p == nil || strings.Trim(named.ETag, `"`) != strings.Trim(p.ETag, `"`) {
			return nil, refuse(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found: part %d", named.PartNumber)
		}
		if i > 0 && named.PartNumber <= in.Parts[i-1].PartNumber {
			return nil, refuse(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order.")
		}
		if i < len(in.Parts)-1 && p.Size < minPart {
			return nil, refuse(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size: part %d has %d bytes", p.Number, p.Size)
		}
		content, err := s.blobs.get(p.Blob)
		if err != nil {
			return nil, err
		}
		body.Write(content)
		sum := md5.Sum(content) //nolint:gosec // as S3 does
		_, _ = sums.Write(sum[:])
	}
	if err := c.checkWrite(); err != nil {
		return nil, err
	}
	v, err := s.store(c.bucket, c.key, body.Bytes(), u.Meta, u.Tags)
	if err != nil {
		return nil, err
	}
	v.ETag = `"` + hex.EncodeToString(sums.Sum(nil)) + "-" + strconv.Itoa(len(in.Parts)) + `"`
	delete(c.bucket.Uploads, u.ID)
	if err := s.dropParts(u); err != nil {
		return nil, err
	}
	return &answer{header: c.versionHeader(v), root: "CompleteMultipartUploadResult", body: struct {
		Location, Bucket, Key, ETag string
	}{"/" + c.name + "/" + c.key, c.name, c.key, v.ETag}}, nil
}

// dropParts removes the bodies of an upload's parts.
func (s *Service) dropParts(u *upload) error {
	for _, p := range u.Parts {
		if err := s.blobs.remove(p.Blob); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) abortUpload(c *call) (*answer, error) {
	u, err := c.upload()
	if err != nil {
		return nil, err
	}
	delete(c.bucket.Uploads, u.ID)
	return &answer{status: http.StatusNoContent}, s.dropParts(u)
}

type partXML struct {
	PartNumber   int
	LastModified time.Time
	ETag         string
	Size         int64
}

func (s *Service) listParts(c *call) (*answer, error) {
	u, err := c.upload()
	if err != nil {
		return nil, err
	}
	limit, err := number(c.Query.Get("max-parts"), 1000)
	if err != nil {
		return nil, err
	}
	marker, err := number(c.Query.Get("part-number-marker"), 10000)
	if err != nil {
		return nil, err
	}
	if !c.Query.Has("part-number-marker") {
		marker = 0
	}
	out := struct {
		Bucket, Key          string
		UploadID             string `xml:"UploadId"`
		Owner                ownerXML
		StorageClass         string
		PartNumberMarker     int
		NextPartNumberMarker int `xml:",omitempty"`
		MaxParts             int
		IsTruncated          bool
		Parts                []partXML `xml:"Part"`
	}{Bucket: c.name, Key: c.key, UploadID: u.ID, Owner: s.owner(), StorageClass: "STANDARD", PartNumberMarker: marker, MaxParts: limit}
	for _, n := range slices.Sorted(maps.Keys(u.Parts)) {
		if n <= marker {
			continue
		}
		if len(out.Parts) == limit {
			out.IsTruncated, out.NextPartNumberMarker = true, out.Parts[limit-1].PartNumber
			break
		}
		p := u.Parts[n]
		out.Parts = append(out.Parts, partXML{p.Number, p.Modified.UTC(), p.ETag, p.Size})
	}
	return &answer{root: "ListPartsResult", body: out}, nil
}

type uploadXML struct {
	Key          string
	UploadID     string `xml:"UploadId"`
	Owner        ownerXML
	StorageClass string
	Initiated    time.Time
}

// listUploads answers with one page: nobody has a thousand uploads open here.
func (s *Service) listUploads(c *call) (*answer, error) {
	l, err := c.listing()
	if err != nil {
		return nil, err
	}
	out := struct {
		Bucket       string
		Prefix       string
		EncodingType string `xml:",omitempty"`
		MaxUploads   int
		IsTruncated  bool
		Uploads      []uploadXML `xml:"Upload"`
	}{Bucket: c.name, Prefix: l.encode(l.prefix), EncodingType: l.encoding, MaxUploads: len(c.bucket.Uploads)}
	for _, u := range c.bucket.Uploads {
		if strings.HasPrefix(u.Key, l.prefix) && u.Key > c.Query.Get("key-marker") {
			out.Uploads = append(out.Uploads, uploadXML{l.encode(u.Key), u.ID, s.owner(), "STANDARD", u.Initiated.UTC()})
		}
	}
	slices.SortFunc(out.Uploads, func(a, b uploadXML) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), a.Initiated.Compare(b.Initiated))
	})
	return &answer{root: "ListMultipartUploadsResult", body: out}, nil
}
