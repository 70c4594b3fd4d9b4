package s3

import (
	"cmp"
	"crypto/md5" //nolint:gosec // S3's ETags are MD5
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// uploadOperations are those on multipart uploads.
type uploadOperations struct {
	*records
	*receiver
}

// minPart is how long every part but the last has to be.
const minPart = 5 << 20

// upload is a multipart upload that is not complete.
type upload struct {
	Bucket, Key string
	ID          string
	Initiated   time.Time
	Meta        map[string]string
	Tags        tags.Set
}

type part struct {
	Number   int
	ETag     string
	Modified time.Time
	Body     body
}

// uploads are the multipart uploads of all buckets, and their parts.
type uploads struct {
	records *store.Collection[*upload] // by bucket/id
	parts   *store.Collection[*part]   // by upload's id/number
	files   files
}

func (s uploads) in(bucket string) iter.Seq[*upload] { return values(s.records.Prefix(bucket + "/")) }

// partsOf yields an upload's parts by number.
func (s uploads) partsOf(id string) iter.Seq[*part] { return values(s.parts.Prefix(id + "/")) }

func partID(uploadID string, number int) string { return fmt.Sprintf("%s/%05d", uploadID, number) }

// put records a part in place of one with the same number.
func (s uploads) put(u *upload, p *part) {
	id := partID(u.ID, p.Number)
	if old, exists := s.parts.Get(id); exists {
		s.files.release(old.Body)
	}
	s.files.hold(p.Body)
	s.parts.Put(id, p)
}

// delete removes an upload and its parts.
func (s uploads) delete(u *upload) {
	for p := range s.partsOf(u.ID) {
		s.files.release(p.Body)
		s.parts.Delete(partID(u.ID, p.Number))
	}
	s.records.Delete(u.Bucket + "/" + u.ID)
}

func (s *uploadOperations) createUpload(c *call) (*answer, error) {
	set, err := c.headerTags()
	if err != nil {
		return nil, err
	}
	if err := s.checkWrite(c); err != nil {
		return nil, err
	}
	u := &upload{Bucket: c.name, Key: c.key, ID: ids.Hex(48), Initiated: s.account.Clock.Now(), Meta: c.metaOf(), Tags: set}
	s.uploads.records.Put(u.Bucket+"/"+u.ID, u)
	header := http.Header{"X-Amz-Server-Side-Encryption": {u.Meta["X-Amz-Server-Side-Encryption"]}}
	if algorithm := c.Header.Get("X-Amz-Checksum-Algorithm"); algorithm != "" {
		header.Set("X-Amz-Checksum-Algorithm", algorithm)
	}
	return &answer{header: header, root: "InitiateMultipartUploadResult", body: struct {
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
	}{c.name, c.key, u.ID}}, nil
}

func (s *uploadOperations) uploadPart(c *call) (*answer, error) {
	u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	if c.Header.Get("X-Amz-Copy-Source") != "" {
		return nil, refuse(http.StatusBadRequest, "NotImplemented", "localaws does not copy parts of objects: copy the object, or upload the part")
	}
	n, err := strconv.Atoi(c.Query.Get("partNumber"))
	if err != nil || n < 1 || n > 10000 {
		return nil, invalidArgument("Part number must be an integer between 1 and 10000, inclusive: %q", c.Query.Get("partNumber"))
	}
	p := &part{Number: n, ETag: c.received.etag, Modified: s.account.Clock.Now(), Body: c.received.body}
	s.uploads.put(u, p)
	header := http.Header{"Etag": {p.ETag}}
	for name, sum := range c.received.sums {
		if c.Header.Get(checksumPrefix+name) != "" {
			header.Set(checksumPrefix+name, sum)
		}
	}
	return &answer{header: header}, nil
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

// receiveParts reads which parts an upload is completed with, and computes the
// checksum of the object that they make. Whether it may be made, completeUpload
// decides.
func (s *uploadOperations) receiveParts(c *call) error {
	if err := s.receiveDocument(c); err != nil {
		return err
	}
	if err := rest.DecodeXML(c.Body, "CompleteMultipartUpload", &c.complete); err != nil {
		return malformedXML(err)
	}
	if len(c.complete.Parts) == 0 {
		return malformedXML(errChunk("it names no Part"))
	}
	var all body
	s.account.View(func() {
		for _, named := range c.complete.Parts {
			if p, exists := s.uploads.parts.Get(partID(c.Query.Get("uploadId"), named.PartNumber)); exists {
				all = append(all, p.Body...)
			}
		}
	})
	content, err := s.files.open(all, span{0, all.size()})
	if errors.Is(err, fs.ErrNotExist) {
		return noSuchUpload(c.Query.Get("uploadId"))
	}
	if err != nil {
		return err
	}
	sum := checksums[defaultChecksum]()
	_, err = io.Copy(sum, content)
	c.received = &received{body: all, sums: map[string]string{defaultChecksum: base64Of(sum)}}
	return errors.Join(err, content.Close())
}

// completeUpload makes an object of the parts that the request names. Its ETag
// is the MD5 of the parts' MD5s, and their number.
func (s *uploadOperations) completeUpload(c *call) (*answer, error) {
	u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	v := &version{Key: c.key, Meta: u.Meta, Tags: u.Tags}
	v.ChecksumName, v.Checksum = c.received.checksum()
	sums := md5.New() //nolint:gosec // as S3 does
	for i, named := range c.complete.Parts {
		p, exists := s.uploads.parts.Get(partID(u.ID, named.PartNumber))
		if !exists || strings.Trim(named.ETag, `"`) != strings.Trim(p.ETag, `"`) {
			return nil, refuse(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found: part %d", named.PartNumber)
		}
		if i > 0 && named.PartNumber <= c.complete.Parts[i-1].PartNumber {
			return nil, refuse(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order.")
		}
		if size := p.Body.size(); i < len(c.complete.Parts)-1 && size < minPart {
			return nil, refuse(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size: part %d has %d bytes", p.Number, size)
		}
		sum, err := hex.DecodeString(strings.Trim(p.ETag, `"`))
		if err != nil {
			return nil, fmt.Errorf("reading the ETag of part %d: %w", p.Number, err)
		}
		_, _ = sums.Write(sum) // a hash never fails
		v.Body = append(v.Body, p.Body...)
	}
	if err := s.checkWrite(c); err != nil {
		return nil, err
	}
	v.ETag = quoted(sums.Sum(nil), "-"+strconv.Itoa(len(c.complete.Parts)))
	if err := s.store(c.bucket, v); err != nil {
		return nil, err
	}
	s.uploads.delete(u)
	return &answer{header: c.versionHeader(v), root: "CompleteMultipartUploadResult", body: struct {
		Location, Bucket, Key, ETag string
	}{"/" + c.name + "/" + c.key, c.name, c.key, v.ETag}}, nil
}

func (s *uploadOperations) abortUpload(c *call) (*answer, error) {
	u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	s.uploads.delete(u)
	return &answer{status: http.StatusNoContent}, nil
}

type partXML struct {
	PartNumber   int
	LastModified time.Time
	ETag         string
	Size         int64
}

func (s *uploadOperations) listParts(c *call) (*answer, error) {
	u, err := s.upload(c)
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
	for p := range s.uploads.partsOf(u.ID) {
		if p.Number <= marker {
			continue
		}
		if len(out.Parts) == limit {
			out.IsTruncated, out.NextPartNumberMarker = true, out.Parts[limit-1].PartNumber
			break
		}
		out.Parts = append(out.Parts, partXML{p.Number, p.Modified.UTC(), p.ETag, p.Body.size()})
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

// listUploads answers with one page.
func (s *uploadOperations) listUploads(c *call) (*answer, error) {
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
	}{Bucket: c.name, Prefix: l.encode(l.prefix), EncodingType: l.encoding, MaxUploads: 1000}
	for u := range s.uploads.in(c.name) {
		if strings.HasPrefix(u.Key, l.prefix) && u.Key > c.Query.Get("key-marker") {
			out.Uploads = append(out.Uploads, uploadXML{l.encode(u.Key), u.ID, s.owner(), "STANDARD", u.Initiated.UTC()})
		}
	}
	slices.SortFunc(out.Uploads, func(a, b uploadXML) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), a.Initiated.Compare(b.Initiated))
	})
	return &answer{root: "ListMultipartUploadsResult", body: out}, nil
}
