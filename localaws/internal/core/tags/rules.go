package tags

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Rules are what a service demands of tags. The zero values are what most
// services have,
// https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html.
type Rules struct {
	// Max is how many tags a resource may have; 0 means 50. Those that AWS
	// itself adds, whose keys begin with aws:, don't count.
	Max int
	// MaxKey and MaxValue are how many characters a key and a value may have;
	// 0 means 128 and 256.
	MaxKey, MaxValue int
	// AnyCharacter allows more than letters, digits, spaces and _.:/=+-@.
	AnyCharacter bool
	// FoldCase says that keys which differ only by case are the same.
	FoldCase bool
	// Refuse makes the service's refusal.
	Refuse func(Fault) error
}

// Fault is what is wrong with a list of tags.
type Fault struct {
	Problem Problem
	Tag     Tag // the first that is wrong; not for TooMany
	Limit   int // of characters or tags
}

// Problem is a kind of Fault.
type Problem int

// What can be wrong with tags.
const (
	TooMany     Problem = iota
	KeyLength           // the key is empty or too long
	ValueLength         // the value is too long
	Characters          // the key or the value has a character that is not allowed
	Reserved            // the key begins with aws:
	Duplicate           // the key is there twice
)

// String says it in words for people, for services whose own are not known.
func (f Fault) String() string {
	switch f.Problem {
	case TooMany:
		return fmt.Sprintf("A resource can have at most %d tags", f.Limit)
	case KeyLength:
		return fmt.Sprintf("The tag key %q must have 1 to %d characters", f.Tag.Key, f.Limit)
	case ValueLength:
		return fmt.Sprintf("The value of the tag %q must have at most %d characters", f.Tag.Key, f.Limit)
	case Characters:
		return fmt.Sprintf("The tag %q must consist of letters, digits, spaces and _.:/=+-@", f.Tag.Key+"="+f.Tag.Value)
	case Reserved:
		return fmt.Sprintf("The tag key %q begins with aws:, which is reserved", f.Tag.Key)
	}
	return fmt.Sprintf("The tag key %q was given more than once", f.Tag.Key)
}

// New returns the tags of a new resource.
func (r Rules) New(list []Tag) (Set, error) {
	if err := r.check(list); err != nil {
		return nil, err
	}
	set := SetOf(list)
	return set, r.fit(set)
}

var allowedCharacters = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// check checks tags that a client gives.
func (r Rules) check(list []Tag) error {
	maxKey, maxValue := cmp.Or(r.MaxKey, 128), cmp.Or(r.MaxValue, 256)
	seen := map[string]bool{}
	for _, tag := range list {
		fault := Fault{Tag: tag}
		key := tag.Key
		if r.FoldCase {
			key = strings.ToLower(key)
		}
		switch {
		case key == "" || utf8.RuneCountInString(key) > maxKey:
			fault.Problem, fault.Limit = KeyLength, maxKey
		case utf8.RuneCountInString(tag.Value) > maxValue:
			fault.Problem, fault.Limit = ValueLength, maxValue
		case !r.AnyCharacter && !allowedCharacters.MatchString(tag.Key+tag.Value):
			fault.Problem = Characters
		case reserved(key):
			fault.Problem = Reserved
		case seen[key]:
			fault.Problem = Duplicate
		default:
			seen[key] = true
			continue
		}
		return r.Refuse(fault)
	}
	return nil
}

// reserved reports whether only AWS itself may use the key.
func reserved(key string) bool { return len(key) >= 4 && strings.EqualFold(key[:4], "aws:") }

// fit refuses more tags than a resource may have.
func (r Rules) fit(set Set) error {
	own := 0
	for key := range set {
		if !reserved(key) {
			own++
		}
	}
	if most := cmp.Or(r.Max, 50); own > most {
		return r.Refuse(Fault{Problem: TooMany, Limit: most})
	}
	return nil
}

// put adds checked tags; a new key replaces one that is the same but for case.
func (r Rules) put(set Set, list []Tag) {
	for _, tag := range list {
		r.remove(set, []string{tag.Key})
		set[tag.Key] = tag.Value
	}
}

func (r Rules) remove(set Set, keys []string) {
	set.Remove(keys)
	if !r.FoldCase {
		return
	}
	for _, key := range keys {
		maps.DeleteFunc(set, func(has, _ string) bool { return strings.EqualFold(has, key) })
	}
}
