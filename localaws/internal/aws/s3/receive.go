package s3

import (
	"bufio"
	"bytes"
	"crypto/md5"  //nolint:gosec // S3's ETags are MD5
	"crypto/sha1" //nolint:gosec // one of S3's checksums
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// receiver reads the bodies of requests, without the account's lock.
type receiver struct{ *records }

const (
	// maxDocument is how large a configuration or a list of keys may be, and
	// maxObject what one PUT takes.
	maxDocument = 8 << 20
	maxObject   = 5 << 30

	checksumPrefix = "X-Amz-Checksum-"
	// defaultChecksum is what S3 computes when the client sends none.
	defaultChecksum = "Crc64nvme"
)

// checksums are S3's algorithms by their header's last part.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
var checksums = map[string]func() hash.Hash{
	"Crc32":         func() hash.Hash { return crc32.NewIEEE() },
	"Crc32c":        func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	defaultChecksum: func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"Sha1":          sha1.New,
	"Sha256":        sha256.New,
}

// received is the body of a request that stores an object.
type received struct {
	body body
	etag string // with quotation marks
	// sums are checksums by their header's last part: the one that the client
	// sent, and S3's default one.
	sums map[string]string
}

// checksum is the one to keep with an object: the client's, or S3's default one.
func (r *received) checksum() (name, value string) {
	for name, value := range r.sums {
		if name != defaultChecksum {
			return name, value
		}
	}
	return defaultChecksum, r.sums[defaultChecksum]
}

// receiveObject writes the request's body to a file.
func (s *receiver) receiveObject(c *call) error {
	var d *digests
	file, err := s.files.write(func(w io.Writer) (err error) {
		d, err = c.receive(w, maxObject)
		return err
	})
	if err != nil {
		return err
	}
	c.received = d.received(body{File: file, Size: d.size})
	return nil
}

// receiveDocument reads the request's body, such as XML, into memory.
func (s *receiver) receiveDocument(c *call) error {
	var b bytes.Buffer
	_, err := c.receive(&b, maxDocument)
	c.Body = b.Bytes()
	return err
}

// receive copies the request's body without the framing of chunks, and compares it
// with every digest that came along.
func (c *call) receive(to io.Writer, limit int64) (*digests, error) {
	from, d := c.Stream, c.digests()
	var chunks *chunkReader
	if strings.HasPrefix(c.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		chunks = &chunkReader{from: bufio.NewReader(from), trailer: http.Header{}}
		from = chunks
	}
	if _, err := io.Copy(io.MultiWriter(to, d), io.LimitReader(from, limit+1)); err != nil {
		return nil, refuse(http.StatusBadRequest, "IncompleteBody", "The body can't be read: %v", err)
	}
	if d.size > limit {
		return nil, refuse(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size of %d bytes", limit)
	}
	if chunks != nil {
		if length := c.Header.Get("X-Amz-Decoded-Content-Length"); length != "" && length != strconv.FormatInt(d.size, 10) {
			return nil, refuse(http.StatusBadRequest, "IncompleteBody", "The body has %d bytes, not %s", d.size, length)
		}
		for name, values := range chunks.trailer {
			c.Header[name] = values
		}
	}
	return d, d.verify(c)
}

// digests are those of a body.
type digests struct {
	size   int64
	md5    hash.Hash
	sha256 hash.Hash
	sums   map[string]hash.Hash // by the header's last part
}

// digests are those that the request names in a header or for its trailer, and
// those that S3 computes anyway.
func (c *call) digests() *digests {
	d := &digests{md5: md5.New(), sha256: sha256.New(), sums: map[string]hash.Hash{}} //nolint:gosec // as S3 does
	trailer := strings.ToLower(c.Header.Get("X-Amz-Trailer"))
	for name, algorithm := range checksums {
		if name == defaultChecksum || c.Header.Get(checksumPrefix+name) != "" || strings.Contains(trailer, strings.ToLower(checksumPrefix+name)) {
			d.sums[name] = algorithm()
		}
	}
	return d
}

// Write adds bytes to all digests.
func (d *digests) Write(p []byte) (int, error) {
	d.size += int64(len(p))
	for _, h := range d.sums {
		_, _ = h.Write(p) // a hash never fails
	}
	_, _ = d.md5.Write(p)
	return d.sha256.Write(p)
}

func base64Of(h hash.Hash) string { return base64.StdEncoding.EncodeToString(h.Sum(nil)) }

func (d *digests) verify(c *call) error {
	if sent := c.Header.Get("X-Amz-Content-Sha256"); len(sent) == 2*sha256.Size && !strings.EqualFold(sent, hex.EncodeToString(d.sha256.Sum(nil))) {
		return refuse(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	if sent := c.Header.Get("Content-Md5"); sent != "" && sent != base64Of(d.md5) {
		return refuse(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	for name, h := range d.sums {
		if sent := c.Header.Get(checksumPrefix + name); sent != "" && sent != base64Of(h) {
			return refuse(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToUpper(name))
		}
	}
	return nil
}

func (d *digests) received(b body) *received {
	r := &received{body: b, etag: `"` + hex.EncodeToString(d.md5.Sum(nil)) + `"`, sums: map[string]string{}}
	for name, h := range d.sums {
		r.sums[name] = base64Of(h)
	}
	return r
}

// chunkReader reads the content encoding aws-chunked: chunks with their length in
// hexadecimal and perhaps a signature, and headers at the end.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
type chunkReader struct {
	from    *bufio.Reader
	left    int64 // of the chunk
	ended   bool
	trailer http.Header
}

// errChunk is what is wrong with a body.
type errChunk string

func (e errChunk) Error() string { return string(e) }

// Read reads the chunks' bytes.
func (r *chunkReader) Read(p []byte) (int, error) {
	if r.left == 0 && !r.ended {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	if r.ended {
		return 0, io.EOF
	}
	n, err := r.from.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if r.left > 0 && err != nil {
		return n, errChunk("a chunk is shorter than it says")
	}
	if r.left == 0 && n > 0 {
		end := make([]byte, 2)
		if _, err := io.ReadFull(r.from, end); err != nil || string(end) != "\r\n" {
			return n, errChunk("a chunk is not as long as it says")
		}
	}
	return n, nil
}

// next reads the next chunk's length or, at the end, the trailer.
func (r *chunkReader) next() error {
	line, err := r.from.ReadSlice('\n')
	if err != nil {
		return errChunk("a chunk lacks its length")
	}
	length, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
	size, err := strconv.ParseUint(length, 16, 31)
	if err != nil {
		return errChunk("a chunk's length is " + strconv.Quote(length))
	}
	r.left, r.ended = int64(size), size == 0 //nolint:gosec // it has 31 bits
	for r.ended {
		line, err := r.from.ReadSlice('\n')
		if name, value, found := strings.Cut(strings.TrimSpace(string(line)), ":"); found {
			r.trailer.Set(name, strings.TrimSpace(value))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the trailer: %w", err)
		}
	}
	return nil
}
