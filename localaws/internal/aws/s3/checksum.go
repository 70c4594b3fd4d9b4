package s3

import (
	"crypto/md5"  //nolint:gosec // S3's ETags are MD5
	"crypto/sha1" //nolint:gosec // one of S3's checksums
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
)

const checksumPrefix = "X-Amz-Checksum-"

// defaultChecksum is what S3 computes when the client sends none.
const defaultChecksum = "Crc64nvme"

// checksums are S3's algorithms by their header's last part.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
var checksums = map[string]func() hash.Hash{
	"Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"Sha1":      sha1.New,
	"Sha256":    sha256.New,
}

func digest(h hash.Hash, body []byte) string {
	_, _ = h.Write(body) // a hash never fails
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// verifyChecksums compares the body with every digest in the headers.
func verifyChecksums(header http.Header, body []byte) error {
	if sent := header.Get("Content-Md5"); sent != "" && sent != digest(md5.New(), body) { //nolint:gosec // as S3 does
		return refuse(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	for name, algorithm := range checksums {
		sent := header.Get(checksumPrefix + name)
		if sent != "" && sent != digest(algorithm(), body) {
			return refuse(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToUpper(name))
		}
	}
	return nil
}

// storedChecksum is the checksum to keep with an object, by the header's last
// part: the one that the client sent, or S3's default one.
func storedChecksum(header http.Header, body []byte) (name, value string) {
	for name := range checksums {
		if sent := header.Get(checksumPrefix + name); sent != "" {
			return name, sent
		}
	}
	return defaultChecksum, digest(checksums[defaultChecksum](), body)
}
