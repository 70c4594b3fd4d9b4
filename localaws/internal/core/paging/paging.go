// Package paging cuts the lists that services answer into pages.
//
// A service states its limits, with its own refusals, once:
//
//	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
//	var pages = paging.Limits{Default: 100, Max: 1000, Size: badSize, Token: badMarker}
//
// and each operation cuts its list by them. The key of an item is what the
// list is ordered by; no two items have the same:
//
//	roles, next, err := paging.Cut(pages, all, (*role).name, in.MaxItems, in.Marker)
//
// The token, which answers call NextToken, NextMarker or Marker, holds the key
// of the last item that was given. So items that come and go between two calls
// neither repeat others nor hide them. A list that is not ordered by name has
// a key that sorts as the list does: fmt.Sprintf("%05d", priority).
//
// Where AWS documents what a token holds (Route 53's NextMarker is the id of
// the first zone of the next page), the service reads and writes it itself,
// and Limits.PageSize and Head do the rest.
package paging

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Limits are how many items a page has, and what a service says to a request
// that asks for what it can't have.
type Limits struct {
	// Default is the size of a page when a request doesn't name one.
	Default int
	// Max is the largest size that a request may name.
	Max int
	// Size makes the refusal of a size that is below 1 or above Max. A service
	// without one brings such sizes into the bounds, as some do on AWS.
	Size func(size int) error
	// Token makes the refusal of a token that no answer held.
	Token func(token string) error
}

// Cut returns the page of items behind token ("" for the first page), ordered
// by key, and the token of the page behind it: "" when there is none. The page
// is never nil, as an empty list is there on the wire.
func Cut[T any](l Limits, items []T, key func(T) string, size *int, token string) (page []T, next string, err error) {
	n, err := l.PageSize(size)
	if err != nil {
		return nil, "", err
	}
	order := func(a, b T) int { return cmp.Compare(key(a), key(b)) }
	if !slices.IsSortedFunc(items, order) {
		items = slices.SortedStableFunc(slices.Values(items), order) // a copy: items may be the state's own
	}
	if token != "" {
		last, ok := decode(token)
		if !ok {
			return nil, "", l.Token(token)
		}
		behind := slices.IndexFunc(items, func(item T) bool { return key(item) > last })
		if behind < 0 {
			behind = len(items)
		}
		items = items[behind:]
	}
	page, rest := Head(items, n)
	if rest != nil {
		next = encode(key(page[n-1]))
	}
	return page, next, nil
}

// Head returns the first items of a list, never nil, and the first that is
// left out: nil when none is.
func Head[T any](items []T, size int) (page []T, rest *T) {
	if len(items) > size {
		return slices.Clone(items[:size]), &items[size]
	}
	return append([]T{}, items...), nil
}

// PageSize returns the size of the page that a request asks for; nil when it
// doesn't name one.
func (l Limits) PageSize(size *int) (int, error) {
	switch {
	case size == nil:
		return l.Default, nil
	case *size >= 1 && *size <= l.Max:
		return *size, nil
	case l.Size != nil:
		return 0, l.Size(*size)
	}
	return min(max(*size, 1), l.Max), nil
}

// encode makes a token of a key. The checksum tells tokens from what clients
// make up.
func encode(key string) string {
	token := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(key)))
	return base64.RawURLEncoding.EncodeToString(append(token, key...))
}

func decode(token string) (key string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < crc32.Size {
		return "", false
	}
	sum, rest := raw[:crc32.Size], raw[crc32.Size:]
	return string(rest), binary.BigEndian.Uint32(sum) == crc32.ChecksumIEEE(rest)
}
