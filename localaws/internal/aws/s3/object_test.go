package s3_test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

func TestObjectRoundTrip(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "objects")
	f := newFixture(t, directory)
	const path = "/logs/a%20b/c%2Bd.txt"
	put := f.call(t, "PUT", path, "hello world", "Content-Type: text/plain", "X-Amz-Meta-Colour: red").OK(t)
	sum := md5.Sum([]byte("hello world"))
	assert.Equal(t, `"`+hex.EncodeToString(sum[:])+`"`, put.Header.Get("ETag"))

	got := f.call(t, "GET", path, "").OK(t)
	assert.Equal(t, "hello world", string(got.Body))
	assert.Equal(t, "text/plain", got.Header.Get("Content-Type"))
	assert.Equal(t, "red", got.Header.Get("X-Amz-Meta-Colour"))
	head := f.call(t, "HEAD", path, "").OK(t)
	assert.Equal(t, "11", head.Header.Get("Content-Length"))
	assert.Empty(t, head.Body)
	f.call(t, "DELETE", path, "").OK(t)
	f.call(t, "GET", path, "").Refused(t, "NoSuchKey")
	assert.Zero(t, countFiles(t, directory), "bodies of deleted objects must not stay")
}

func countFiles(t *testing.T, directory string) (files int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(directory, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files++
		}
		return err
	}))
	return files
}

func TestDigestsAreChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	right := base64.StdEncoding.EncodeToString([]byte{0x0d, 0x4a, 0x11, 0x85}) // CRC32 of "hello world"
	f.call(t, "PUT", "/logs/a", "hello world", "X-Amz-Checksum-Crc32: "+right).OK(t)
	assert.Equal(t, right, f.call(t, "GET", "/logs/a", "", "X-Amz-Checksum-Mode: ENABLED").Header.Get("X-Amz-Checksum-Crc32"))
	f.call(t, "PUT", "/logs/a", "hello", "X-Amz-Checksum-Crc32: "+right).Refused(t, "BadDigest")
	f.call(t, "PUT", "/logs/a", "hello", "Content-Md5: "+right).Refused(t, "BadDigest")
	f.call(t, "PUT", "/logs/a", "hello", "X-Amz-Content-Sha256: "+strings.Repeat("0", 64)).Refused(t, "XAmzContentSHA256Mismatch")
}

func TestChunkedBodiesWithTrailingChecksums(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	var sum [4]byte
	value := crc32.ChecksumIEEE([]byte("hello world"))
	for i := range sum {
		sum[i] = byte(value >> (24 - 8*i))
	}
	chunked := func(checksum string) string {
		return "6;chunk-signature=abc\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:" + checksum + "\r\n\r\n"
	}
	send := func(body, length string) *wiretest.Reply {
		return f.call(t, "PUT", "/logs/a", body, "X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"Content-Encoding: aws-chunked", "X-Amz-Decoded-Content-Length: "+length, "X-Amz-Trailer: x-amz-checksum-crc32")
	}
	send(chunked(base64.StdEncoding.EncodeToString(sum[:])), "11").OK(t)
	got := f.call(t, "GET", "/logs/a", "").OK(t)
	assert.Equal(t, "hello world", string(got.Body))
	assert.Empty(t, got.Header.Get("Content-Encoding"))
	send(chunked("AAAAAA=="), "11").Refused(t, "BadDigest")
	send("5\r\nhel", "5").Refused(t, "IncompleteBody")
	send("zz\r\nhello\r\n0\r\n\r\n", "5").Refused(t, "IncompleteBody")
	send("5\r\nhello\r\n0\r\n\r\n", "6").Refused(t, "IncompleteBody")
}

func TestVersions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.call(t, "PUT", "/logs/a", "null version").OK(t)
	f.versioning(t, "logs", "Enabled")
	v1 := f.call(t, "PUT", "/logs/a", "one").OK(t).Header.Get("X-Amz-Version-Id")
	v2 := f.call(t, "PUT", "/logs/a", "two").OK(t).Header.Get("X-Amz-Version-Id")
	require.NotEqual(t, v1, v2)
	get := func(query string) string { return string(f.call(t, "GET", "/logs/a"+query, "").OK(t).Body) }
	assert.Equal(t, "two", get(""))
	assert.Equal(t, "one", get("?versionId="+v1))
	assert.Equal(t, "null version", get("?versionId=null"))

	marker := f.call(t, "DELETE", "/logs/a", "").OK(t)
	assert.Equal(t, "true", marker.Header.Get("X-Amz-Delete-Marker"))
	gone := f.call(t, "GET", "/logs/a", "").Refused(t, "NoSuchKey")
	assert.Equal(t, "true", gone.Header.Get("X-Amz-Delete-Marker"))
	f.call(t, "GET", "/logs/a?versionId="+marker.Header.Get("X-Amz-Version-Id"), "").Refused(t, "MethodNotAllowed")
	assert.NotContains(t, string(f.call(t, "GET", "/logs?list-type=2", "").OK(t).Body), "<Contents>")
	f.call(t, "DELETE", "/logs", "").Refused(t, "BucketNotEmpty")

	var versions struct {
		Version, DeleteMarker []struct {
			VersionID string `xml:"VersionId"`
			IsLatest  bool
		}
	}
	f.XML(t, "s3", "GET", "/logs?versions", "", &versions).OK(t)
	require.Len(t, versions.Version, 3)
	require.Len(t, versions.DeleteMarker, 1)
	assert.True(t, versions.DeleteMarker[0].IsLatest)
	assert.Equal(t, v2, versions.Version[0].VersionID)

	f.call(t, "DELETE", "/logs/a?versionId="+marker.Header.Get("X-Amz-Version-Id"), "").OK(t)
	assert.Equal(t, "two", get(""))
	all := ""
	for _, v := range versions.Version {
		all += "<Object><Key>a</Key><VersionId>" + v.VersionID + "</VersionId></Object>"
	}
	f.call(t, "POST", "/logs?delete", "<Delete>"+all+"<Quiet>true</Quiet></Delete>").OK(t)
	f.call(t, "DELETE", "/logs", "").OK(t)
}

func TestSuspendedVersioningReplacesTheNullVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.versioning(t, "logs", "Enabled")
	v1 := f.call(t, "PUT", "/logs/a", "one").OK(t).Header.Get("X-Amz-Version-Id")
	f.versioning(t, "logs", "Suspended")
	f.call(t, "PUT", "/logs/a", "two").OK(t)
	assert.Equal(t, "null", f.call(t, "PUT", "/logs/a", "three").OK(t).Header.Get("X-Amz-Version-Id"))
	assert.Equal(t, 2, strings.Count(string(f.call(t, "GET", "/logs?versions", "").OK(t).Body), "<Version>"))
	f.call(t, "DELETE", "/logs/a", "").OK(t)
	assert.Equal(t, "one", string(f.call(t, "GET", "/logs/a?versionId="+v1, "").OK(t).Body))
	f.call(t, "GET", "/logs/a?versionId=null", "").Refused(t, "MethodNotAllowed")
}

func TestListsArePaged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.versioning(t, "logs", "Enabled")
	for _, key := range []string{"a/1", "a/2", "b", "c/1", "c/2", "d d"} {
		f.call(t, "PUT", "/logs/"+strings.ReplaceAll(key, " ", "%20"), "x").OK(t)
	}
	type page struct {
		Keys        []string `xml:"Contents>Key"`
		Versions    []string `xml:"Version>Key"`
		Prefixes    []string `xml:"CommonPrefixes>Prefix"`
		IsTruncated bool
		Token       string `xml:"NextContinuationToken"`
		KeyMarker   string `xml:"NextKeyMarker"`
		VersionID   string `xml:"NextVersionIdMarker"`
	}
	tests := []struct {
		name, query string
		next        func(page) string
		want        []string
	}{
		{"version 2", "list-type=2", func(p page) string { return "&continuation-token=" + p.Token }, []string{"a/1", "a/2", "b", "c/1", "c/2", "d d"}},
		{"version 2 with delimiter", "list-type=2&delimiter=/", func(p page) string { return "&continuation-token=" + p.Token }, []string{"a/", "b", "c/", "d d"}},
		{"version 2 with prefix", "list-type=2&delimiter=/&prefix=c/", func(p page) string { return "&continuation-token=" + p.Token }, []string{"c/1", "c/2"}},
		{"version 2 encoded", "list-type=2&start-after=c/2&encoding-type=url", func(page) string { return "" }, []string{"d+d"}},
		{"versions", "versions", func(p page) string { return "&key-marker=" + p.KeyMarker + "&version-id-marker=" + p.VersionID }, []string{"a/1", "a/2", "b", "c/1", "c/2", "d d"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			query := ""
			for range 10 {
				var p page
				f.XML(t, "s3", "GET", "/logs?"+test.query+"&max-keys=1"+query, "", &p).OK(t)
				got = append(append(append(got, p.Keys...), p.Prefixes...), p.Versions...)
				if !p.IsTruncated {
					break
				}
				query = test.next(p)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestRefusedUploadsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	f := newFixture(t, directory)
	f.call(t, "PUT", "/logs/a", "one", "X-Amz-Acl: public-read").Refused(t, "AccessControlListNotSupported")
	f.call(t, "PUT", "/none/a", "one").Refused(t, "NoSuchBucket")
	f.call(t, "PUT", "/logs/a", "one", "Content-Md5: AAAA").Refused(t, "BadDigest")
	require.Error(t, f.service.Deliver("none", "a", []byte("one")))
	assert.Zero(t, countFiles(t, directory))

	f.call(t, "PUT", "/logs/a", "one").OK(t)
	failed := errors.New("what comes after fails")
	require.ErrorIs(t, f.account.Update(t.Context(), func() error {
		if err := f.service.PutObject("logs", "a", []byte("two")); err != nil {
			return err
		}
		return failed
	}), failed)
	f.call(t, "PUT", "/logs/b", "three").OK(t)
	assert.Equal(t, "one", string(f.call(t, "GET", "/logs/a", "").OK(t).Body))
	assert.Equal(t, 2, countFiles(t, directory))
}

func TestASlowClientDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	from, to := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, f.URL+"/logs/slow", from)
	require.NoError(t, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260131/us-west-2/s3/aws4_request, SignedHeaders=host, Signature=0")
	ended := make(chan error, 1)
	go func() {
		response, err := http.DefaultTransport.RoundTrip(request)
		if err == nil {
			err = response.Body.Close()
		}
		ended <- err
	}()
	_, err = to.Write([]byte("half of "))
	require.NoError(t, err)
	f.call(t, "PUT", "/logs/fast", "x").OK(t)
	f.call(t, "GET", "/logs/slow", "").Refused(t, "NoSuchKey")
	_, err = to.Write([]byte("it"))
	require.NoError(t, err)
	require.NoError(t, to.Close())
	require.NoError(t, <-ended)
	assert.Equal(t, "half of it", string(f.call(t, "GET", "/logs/slow", "").OK(t).Body))
}
