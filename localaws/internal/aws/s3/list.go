package s3

import (
	"encoding/base64"
	"iter"
	"net/url"
	"strings"
	"time"
)

// listOperations list the objects and versions of a bucket.
type listOperations struct{ *records }

// listing is what a request to list asks for.
type listing struct {
	prefix, delimiter string
	limit             int
	encode            func(string) string
	encoding          string
}

func (c *call) listing() (listing, error) {
	limit, err := number(c.Query.Get("max-keys"), 1000)
	if err != nil {
		return listing{}, err
	}
	l := listing{
		prefix: c.Query.Get("prefix"), delimiter: c.Query.Get("delimiter"), limit: limit,
		encode: func(text string) string { return text },
	}
	switch l.encoding = c.Query.Get("encoding-type"); l.encoding {
	case "":
	case "url":
		l.encode = func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "%2F", "/") }
	default:
		return listing{}, invalidArgument("Invalid Encoding Method specified in Request: %s", l.encoding)
	}
	return l, nil
}

// common is the common prefix that a key is rolled up into, "" when it isn't.
func (l *listing) common(key string) string {
	if l.delimiter == "" {
		return ""
	}
	rest := strings.TrimPrefix(key, l.prefix)
	if at := strings.Index(rest, l.delimiter); at >= 0 {
		return l.prefix + rest[:at+len(l.delimiter)]
	}
	return ""
}

// walk visits the newest version of each key, and common prefixes, in order: those
// behind after, until there are enough. next is the last one visited when there are more.
func (l *listing) walk(all iter.Seq[*version], after string, visit func(v *version, common string) (items int)) (next string, truncated bool) {
	count, last, lastCommon := 0, "", ""
	key := ""
	for v := range all {
		if v.Key == key {
			continue // an older version
		}
		key = v.Key
		common := l.common(key)
		if key <= after || (common != "" && (common == lastCommon || common <= after)) {
			continue
		}
		if count >= l.limit {
			return last, l.limit > 0
		}
		if items := visit(v, common); items > 0 {
			count += items
			last, lastCommon = key, common
			if common != "" {
				last = common
			}
		}
	}
	return "", false
}

type prefixXML struct{ Prefix string }

type objectXML struct {
	Key               string
	LastModified      time.Time
	ETag              string
	ChecksumAlgorithm string
	ChecksumType      string
	Size              int64
	Owner             *ownerXML `xml:",omitempty"`
	StorageClass      string
}

func (l *listing) object(v *version, owner *ownerXML) objectXML {
	return objectXML{
		Key: l.encode(v.Key), LastModified: v.Modified.UTC(), ETag: v.ETag, Size: v.Body.Size, Owner: owner,
		ChecksumAlgorithm: strings.ToUpper(v.ChecksumName), ChecksumType: fullObject, StorageClass: v.storageClass(),
	}
}

func (v *version) storageClass() string {
	if class := v.Meta["X-Amz-Storage-Class"]; class != "" {
		return class
	}
	return "STANDARD"
}

type listXML struct {
	Name                  string
	Prefix                string
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	KeyCount              *int   `xml:",omitempty"`
	MaxKeys               int
	Delimiter             string      `xml:",omitempty"`
	EncodingType          string      `xml:",omitempty"`
	IsTruncated           bool        //
	NextContinuationToken string      `xml:",omitempty"`
	Contents              []objectXML `xml:",omitempty"`
	CommonPrefixes        []prefixXML `xml:",omitempty"`
}

// list lists the newest versions behind a key.
func (s *listOperations) list(c *call, after string, owner *ownerXML) (*listXML, string, error) {
	l, err := c.listing()
	if err != nil {
		return nil, "", err
	}
	out := &listXML{
		Name: c.name, Prefix: l.encode(l.prefix), MaxKeys: l.limit,
		Delimiter: l.encode(l.delimiter), EncodingType: l.encoding,
	}
	next, truncated := l.walk(s.versions.under(c.name, l.prefix), after, func(v *version, common string) int {
		if v.DeleteMarker {
			return 0
		}
		if common != "" {
			out.CommonPrefixes = append(out.CommonPrefixes, prefixXML{l.encode(common)})
		} else {
			out.Contents = append(out.Contents, l.object(v, owner))
		}
		return 1
	})
	out.IsTruncated = truncated
	return out, next, nil
}

func (s *listOperations) listObjectsV2(c *call) (*answer, error) {
	after := c.Query.Get("start-after")
	if token := c.Query.Get("continuation-token"); token != "" {
		raw, err := base64.URLEncoding.DecodeString(token)
		if err != nil {
			return nil, invalidArgument("The continuation token provided is incorrect")
		}
		after = string(raw)
	}
	var owner *ownerXML
	if c.Query.Get("fetch-owner") == "true" {
		own := s.owner()
		owner = &own
	}
	out, next, err := s.list(c, after, owner)
	if err != nil {
		return nil, err
	}
	count := len(out.Contents) + len(out.CommonPrefixes)
	out.KeyCount = &count
	out.StartAfter, out.ContinuationToken = c.Query.Get("start-after"), c.Query.Get("continuation-token")
	if out.IsTruncated {
		out.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(next))
	}
	return &answer{root: "ListBucketResult", body: out}, nil
}

type versionXML struct {
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified time.Time
	ETag         string `xml:",omitempty"`
	Size         *int64 `xml:",omitempty"`
	StorageClass string `xml:",omitempty"`
	Owner        ownerXML
}

type listVersionsXML struct {
	Name                string
	Prefix              string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	MaxKeys             int
	Delimiter           string `xml:",omitempty"`
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	NextKeyMarker       string       `xml:",omitempty"`
	NextVersionIDMarker string       `xml:"NextVersionIdMarker,omitempty"`
	Versions            []versionXML `xml:"Version,omitempty"`
	DeleteMarkers       []versionXML `xml:"DeleteMarker,omitempty"`
	CommonPrefixes      []prefixXML  `xml:",omitempty"`
}

// listVersions lists all versions, the newest of each key first.
func (s *listOperations) listVersions(c *call) (*answer, error) {
	l, err := c.listing()
	if err != nil {
		return nil, err
	}
	out := listVersionsXML{
		Name: c.name, Prefix: l.encode(l.prefix), MaxKeys: l.limit, Delimiter: l.encode(l.delimiter), EncodingType: l.encoding,
		KeyMarker: c.Query.Get("key-marker"), VersionIDMarker: c.Query.Get("version-id-marker"),
	}
	count, lastCommon := 0, ""
	latest := ""
	behind := behind(out.KeyMarker, out.VersionIDMarker)
	for v := range s.versions.under(c.name, l.prefix) {
		isLatest := v.Key != latest
		latest = v.Key
		common := l.common(v.Key)
		if !behind(v) || (common != "" && (common == lastCommon || common <= out.KeyMarker)) {
			continue
		}
		if count == l.limit {
			out.IsTruncated = true
			break
		}
		count++
		out.NextKeyMarker, out.NextVersionIDMarker = l.encode(v.Key), v.ID
		if common != "" {
			lastCommon = common
			out.CommonPrefixes = append(out.CommonPrefixes, prefixXML{l.encode(common)})
			out.NextKeyMarker, out.NextVersionIDMarker = l.encode(common), ""
			continue
		}
		out.add(v, l.encode(v.Key), isLatest, s.owner())
	}
	if !out.IsTruncated {
		out.NextKeyMarker, out.NextVersionIDMarker = "", ""
	}
	return &answer{root: "ListVersionsResult", body: out}, nil
}

func (out *listVersionsXML) add(v *version, key string, latest bool, owner ownerXML) {
	item := versionXML{Key: key, VersionID: v.ID, IsLatest: latest, LastModified: v.Modified.UTC(), Owner: owner}
	if v.DeleteMarker {
		out.DeleteMarkers = append(out.DeleteMarkers, item)
		return
	}
	item.ETag, item.Size, item.StorageClass = v.ETag, &v.Body.Size, v.storageClass()
	out.Versions = append(out.Versions, item)
}

// behind makes a test for versions, which are tested in order: those behind a key
// or, within that key, behind a version.
func behind(key, id string) func(*version) bool {
	reached := false
	return func(v *version) bool {
		switch {
		case v.Key != key:
			return v.Key > key
		case reached:
			return true
		}
		reached = id != "" && v.ID == id
		return false
	}
}
