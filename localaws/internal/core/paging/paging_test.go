package paging_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
)

var (
	errSize  = errors.New("bad size")
	errToken = errors.New("bad token")
	limits   = paging.Limits{
		Default: 3, Max: 5,
		Size:  func(int) error { return errSize },
		Token: func(string) error { return errToken },
	}
)

func itself(name string) string { return name }

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("name-%02d", i)
	}
	return all
}

func TestPagesHoldEachItemOnce(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 4, 5} {
		all := names(10)
		shuffled := slices.Clone(all)
		slices.Reverse(shuffled)
		var got []string
		for token, pages := "", 0; pages == 0 || token != ""; pages++ {
			page, next, err := paging.Cut(limits, shuffled, itself, &size, token)
			require.NoError(t, err)
			require.NotEmpty(t, page, "an empty page with size %d", size)
			got, token = append(got, page...), next
		}
		assert.Equal(t, all, got, "size %d", size)
		assert.Equal(t, "name-09", shuffled[0], "the caller's list is left as it was")
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	clamping := limits
	clamping.Size = nil
	size := func(n int) *int { return &n }
	for name, test := range map[string]struct {
		limits paging.Limits
		size   *int
		want   int
		err    error
	}{
		"the default":           {limits, nil, 3, nil},
		"the smallest":          {limits, size(1), 1, nil},
		"the largest":           {limits, size(5), 5, nil},
		"none":                  {limits, size(0), 0, errSize},
		"above the largest":     {limits, size(6), 0, errSize},
		"none, clamped":         {clamping, size(0), 1, nil},
		"the largest, clamped":  {clamping, size(6), 5, nil},
		"below zero, clamped":   {clamping, size(-1), 1, nil},
		"within bounds, clamps": {clamping, size(2), 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, next, err := paging.Cut(test.limits, names(10), itself, test.size, "")
			require.ErrorIs(t, err, test.err)
			assert.Len(t, page, test.want)
			assert.Equal(t, err == nil, next != "")
		})
	}
}

func TestAPageStaysRightWhenItemsComeAndGo(t *testing.T) {
	t.Parallel()
	size := 2
	_, next, err := paging.Cut(limits, []string{"a", "c", "e", "g"}, itself, &size, "")
	require.NoError(t, err)
	// c, the last that was given, is gone; b came before the page's end.
	page, next, err := paging.Cut(limits, []string{"a", "b", "e", "g", "h"}, itself, &size, next)
	require.NoError(t, err)
	assert.Equal(t, []string{"e", "g"}, page)
	page, next, err = paging.Cut(limits, []string{"a"}, itself, &size, next)
	require.NoError(t, err)
	assert.Equal(t, []string{}, page, "nothing is left, and the list is there")
	assert.Empty(t, next)
}

func TestTheLastPageHasNoToken(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3} {
		page, next, err := paging.Cut(limits, names(n), itself, nil, "")
		require.NoError(t, err)
		assert.Len(t, page, n)
		assert.NotNil(t, page)
		assert.Empty(t, next)
	}
}

func TestTokensThatNoAnswerHeld(t *testing.T) {
	t.Parallel()
	size := 1
	_, token, err := paging.Cut(limits, names(2), itself, &size, "")
	require.NoError(t, err)
	assert.NotContains(t, token, "name", "a token is opaque")
	for _, made := range []string{"1", "§", "name-00", "AAAA", token[:len(token)-1], token + "A", "x" + token} {
		_, _, err := paging.Cut(limits, names(2), itself, &size, made)
		assert.ErrorIs(t, err, errToken, "token %q", made)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	all := names(3)
	page, rest := paging.Head(all, 2)
	assert.Equal(t, names(2), page)
	assert.Equal(t, "name-02", *rest)
	page, rest = paging.Head(all, 3)
	assert.Equal(t, all, page)
	assert.Nil(t, rest)
	page[0] = "changed"
	assert.Equal(t, "name-00", all[0], "a page is a copy")
	page, _ = paging.Head[string](nil, 3)
	assert.NotNil(t, page)
}

// No token makes Cut fail in another way than with the service's refusal, and
// a token that is accepted was made from the key it names.
func FuzzToken(f *testing.F) {
	f.Add("", "name")
	f.Add("AAAAAA", "")
	f.Fuzz(func(t *testing.T, token, key string) {
		size := 1
		if _, _, err := paging.Cut(limits, []string{key}, itself, &size, token); err != nil {
			require.ErrorIs(t, err, errToken)
		}
		items := []string{key, key + "\x00"}
		_, next, err := paging.Cut(limits, items, itself, &size, "")
		require.NoError(t, err)
		page, _, err := paging.Cut(limits, items, itself, &size, next)
		require.NoError(t, err)
		require.Equal(t, items[1:], page)
	})
}
