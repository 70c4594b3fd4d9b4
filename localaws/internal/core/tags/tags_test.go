package tags_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// refusal is how the service of these tests refuses.
type refusal struct{ tags.Fault }

func (r refusal) Error() string { return r.String() }

func refuse(f tags.Fault) error { return refusal{f} }

// problem is what a refusal is about.
func problem(t *testing.T, err error) tags.Problem {
	t.Helper()
	var refused refusal
	require.ErrorAs(t, err, &refused)
	return refused.Problem
}

func TestRules(t *testing.T) {
	t.Parallel()
	rules := tags.Rules{Refuse: refuse}
	folding := tags.Rules{Refuse: refuse, FoldCase: true}
	narrow := tags.Rules{Refuse: refuse, Max: 2, MaxKey: 3, MaxValue: 4}
	free := tags.Rules{Refuse: refuse, AnyCharacter: true}
	many := func(n int) []tags.Tag {
		var list []tags.Tag
		for i := range n {
			list = append(list, tags.Tag{Key: fmt.Sprint("key", i)})
		}
		return list
	}
	one := func(key, value string) []tags.Tag { return []tags.Tag{{Key: key, Value: value}} }
	two := func(a, b string) []tags.Tag { return []tags.Tag{{Key: a}, {Key: b}} }
	for name, test := range map[string]struct {
		rules   tags.Rules
		list    []tags.Tag
		problem tags.Problem // with words: the list is refused
		words   string
	}{
		"none":                       {rules, nil, 0, ""},
		"an empty value":             {rules, one("Name", ""), 0, ""},
		"all kinds of characters":    {rules, one("Größe _.:/=+-@", "1 м_.:/=+-@"), 0, ""},
		"another character":          {rules, one("cost (EUR)", ""), tags.Characters, "letters"},
		"another in a value":         {rules, one("cost", "1€"), tags.Characters, "letters"},
		"another, where all are":     {free, one("cost (€)", "a\tb"), 0, ""},
		"no key":                     {rules, one("", "x"), tags.KeyLength, "1 to 128"},
		"128 characters":             {rules, one(strings.Repeat("ä", 128), ""), 0, ""},
		"129 characters":             {rules, one(strings.Repeat("a", 129), ""), tags.KeyLength, "1 to 128"},
		"a value of 256":             {rules, one("k", strings.Repeat("ä", 256)), 0, ""},
		"a value of 257":             {rules, one("k", strings.Repeat("a", 257)), tags.ValueLength, "at most 256"},
		"an own limit of keys":       {narrow, one("four", ""), tags.KeyLength, "1 to 3"},
		"an own limit of values":     {narrow, one("k", "fives"), tags.ValueLength, "at most 4"},
		"AWS's prefix":               {rules, one("aws:name", ""), tags.Reserved, "reserved"},
		"AWS's prefix in other case": {rules, one("AWS:name", ""), tags.Reserved, "reserved"},
		"not quite AWS's prefix":     {rules, one("aws", ""), 0, ""},
		"twice":                      {rules, two("k", "k"), tags.Duplicate, "more than once"},
		"in other case":              {rules, two("k", "K"), 0, ""},
		"in other case, folded":      {folding, two("k", "K"), tags.Duplicate, "more than once"},
		"50":                         {rules, many(50), 0, ""},
		"51":                         {rules, many(51), tags.TooMany, "at most 50"},
		"an own limit":               {narrow, []tags.Tag{{Key: "a"}, {Key: "b"}, {Key: "c"}}, tags.TooMany, "at most 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, err := test.rules.New(test.list)
			if test.words == "" {
				require.NoError(t, err)
				assert.ElementsMatch(t, test.list, set.List())
				return
			}
			assert.Equal(t, test.problem, problem(t, err))
			assert.ErrorContains(t, err, test.words)
		})
	}
}

var errNotFound = errors.New("not found")

// shelf is a service with two things that have tags.
type shelf map[string]tags.Set

func newShelf() shelf { return shelf{"a": {"Team": "red"}, "b": {}} }

func (s shelf) resources(rules tags.Rules) tags.Resources {
	rules.Refuse = refuse
	return tags.Resources{Rules: rules, Find: func(id string) (tags.Resource, error) {
		set, ok := s[id]
		if !ok {
			return tags.Resource{}, errNotFound
		}
		return tags.Resource{Tags: set, Replace: func(all tags.Set) { s[id] = all }}, nil
	}}
}

func TestAddAndRemove(t *testing.T) {
	t.Parallel()
	s := newShelf()
	r := s.resources(tags.Rules{})
	require.NoError(t, r.Add([]tags.Tag{{Key: "Team", Value: "blue"}, {Key: "team"}}, "a", "b"))
	assert.Equal(t, shelf{"a": {"Team": "blue", "team": ""}, "b": {"Team": "blue", "team": ""}}, s)
	require.NoError(t, r.Remove([]string{"Team", "absent"}, "a"))
	list, err := r.List("a")
	require.NoError(t, err)
	assert.Equal(t, []tags.Tag{{Key: "team"}}, list)
}

func TestKeysThatDifferByCaseOnly(t *testing.T) {
	t.Parallel()
	s := newShelf()
	r := s.resources(tags.Rules{FoldCase: true})
	require.NoError(t, r.Add([]tags.Tag{{Key: "team", Value: "blue"}}, "a"))
	assert.Equal(t, tags.Set{"team": "blue"}, s["a"], "the new tag replaces the old one")
	require.NoError(t, r.Remove([]string{"TEAM"}, "a"))
	assert.Empty(t, s["a"])
}

func TestAFailedChangeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(tags.Resources) error{
		"a resource that is not there": func(r tags.Resources) error { return r.Add([]tags.Tag{{Key: "k"}}, "a", "missing") },
		"removing from such a one":     func(r tags.Resources) error { return r.Remove([]string{"Team"}, "a", "missing") },
		"too many on one":              func(r tags.Resources) error { return r.Add([]tags.Tag{{Key: "k"}, {Key: "l"}}, "b", "a") },
		"a bad tag":                    func(r tags.Resources) error { return r.Add([]tags.Tag{{Key: "k"}, {Key: "aws:x"}}, "a", "b") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf()
			require.Error(t, fails(s.resources(tags.Rules{Max: 2})))
			assert.Equal(t, newShelf(), s)
		})
	}
}

func TestAWSsOwnTagsDontCount(t *testing.T) {
	t.Parallel()
	s := shelf{"a": {"aws:autoscaling:groupName": "g"}}
	require.NoError(t, s.resources(tags.Rules{Max: 1}).Add([]tags.Tag{{Key: "k"}}, "a"))
	assert.Len(t, s["a"], 2)
}

// box is a record with tags, of a collection.
type box struct{ Tags tags.Set }

func TestTagsOfRecords(t *testing.T) {
	t.Parallel()
	account, _ := wiretest.NewAccount()
	boxes := store.NewCollection[*box](account.Records, "shelf", "boxes")
	r := tags.Resources{Rules: tags.Rules{Refuse: refuse}, Find: func(id string) (tags.Resource, error) {
		if found, ok := tags.In(boxes, id, func(b *box) *tags.Set { return &b.Tags }); ok {
			return found, nil
		}
		return tags.Resource{}, errNotFound
	}}
	require.NoError(t, account.Update(t.Context(), func() error {
		boxes.Put("a", &box{})
		return nil
	}))
	require.NoError(t, account.Update(t.Context(), func() error { return r.Add([]tags.Tag{{Key: "k"}}, "a") }))
	require.ErrorIs(t, account.Update(t.Context(), func() error { return r.Add([]tags.Tag{{Key: "l"}}, "a", "b") }), errNotFound)
	account.View(func() {
		list, err := r.List("a")
		require.NoError(t, err)
		assert.Equal(t, []tags.Tag{{Key: "k"}}, list)
	})
}

// The operations that most services have, by the bytes.
func TestOperations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operations func(tags.Resources) []wire.Operation
		add, list  string
	}{
		"lists": {tags.Resources.Operations, `[{"Key":"Name","Value":""}]`, `[{"Key":"Name","Value":""},{"Key":"Team","Value":"red"}]`},
		"maps":  {tags.Resources.MapOperations, `{"Name":""}`, `{"Name":"","Team":"red"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account, _ := wiretest.NewAccount()
			server := wiretest.NewServer(t, account, wire.Service{
				Name: "shelf", Protocol: wire.JSON11, TargetPrefix: "Shelf", Operations: c.operations(newShelf().resources(tags.Rules{})),
			})
			call := func(operation string, in map[string]any) string {
				return string(server.JSON(t, "shelf", "Shelf."+operation, in, nil).OK(t).Body)
			}
			call("TagResource", map[string]any{"ResourceARN": "a", "Tags": jsonText(c.add)})
			assert.JSONEq(t, `{"Tags":`+c.list+`}`, call("ListTagsForResource", map[string]any{"ResourceARN": "a"}))
			call("UntagResource", map[string]any{"ResourceARN": "a", "TagKeys": []string{"Name", "Team"}})
			empty := map[string]string{"lists": "[]", "maps": "{}"}[name]
			assert.JSONEq(t, `{"Tags":`+empty+`}`, call("ListTagsForResource", map[string]any{"ResourceARN": "a"}))
			for _, operation := range []string{"TagResource", "UntagResource", "ListTagsForResource"} {
				server.JSON(t, "shelf", "Shelf."+operation, map[string]any{"ResourceARN": "c"}, nil).Refused(t, "InternalFailure")
			}
		})
	}
}

// jsonText is JSON that is already written.
type jsonText string

func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }
