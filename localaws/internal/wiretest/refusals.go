package wiretest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Refusals holds a service's table of refusals to the service, and the service
// to the table: each operation and each member that one reads has a row, each
// test that a row names is in the package that is tested, and each rule that
// the table enforces is broken by the bytes of a request, which is refused with
// the operation's code.
func Refusals(t *testing.T, service wire.Service, table *refusals.Table, code func(operation string) string, options ...Option) {
	t.Helper()
	operations := map[string]wire.Operation{}
	names := make([]string, 0, len(service.Operations))
	for _, o := range service.Operations {
		operations[o.Name] = o
		names = append(names, o.Name)
		for _, member := range o.Members() {
			assert.True(t, hasRow(table, o.Name, member), "the table has no row of %s's %s", o.Name, member)
		}
	}
	RefusalsByCode(t, names, table, options...)
	words := func(operation string, f refusals.Fault) (string, string) { return code(operation), f.String() }
	alone := false
	for _, option := range options {
		if option.words != nil {
			words, alone = func(_ string, f refusals.Fault) (string, string) { return option.words(f) }, true
		}
	}
	b := breaker{service: service, operations: operations, table: table, words: words, alone: alone}
	b.run(t)
}

// Option is how a service differs from others.
type Option struct {
	mayMiss bool
	words   func(refusals.Fault) (code, message string)
}

// MayMiss lets rows say that what AWS refuses is missing.
var MayMiss = Option{mayMiss: true}

// InWords says how a service that doesn't have AWS's common words tells of a
// fault, of several the first.
func InWords(words func(refusals.Fault) (code, message string)) Option { return Option{words: words} }

// RefusalsByCode holds a table to a service whose requests no table can check,
// as those of REST services: each operation has a row, and each test that a row
// names is in the package that is tested.
func RefusalsByCode(t *testing.T, operations []string, table *refusals.Table, options ...Option) {
	t.Helper()
	for _, name := range operations {
		assert.True(t, hasRow(table, name, ""), "the table has no row of %s", name)
	}
	tests := testsHere(t)
	for _, row := range table.Rows {
		for _, name := range row.Operations {
			assert.True(t, name == "*" || slices.Contains(operations, name), "the table has %s, which is not served", name)
		}
		if row.State == refusals.Missing {
			assert.True(t, slices.ContainsFunc(options, func(o Option) bool { return o.mayMiss }), "%v of %v is missing", row.Subjects, row.Operations)
		}
		if row.State == refusals.Enforced {
			assertTest(t, tests, row.Where)
		}
	}
}

// hasRow reports whether the table has the operation's member, or with no
// member, the operation.
func hasRow(table *refusals.Table, operation, member string) bool {
	lower := strings.ToLower(member)
	return slices.ContainsFunc(table.Rows, func(row refusals.Row) bool {
		if member == "" {
			return slices.Contains(row.Operations, operation)
		}
		if !slices.Contains(row.Operations, operation) && !slices.Contains(row.Operations, "*") {
			return false
		}
		return slices.ContainsFunc(row.Subjects, func(subject string) bool {
			all, isTree := strings.CutSuffix(strings.ToLower(subject), ".*")
			return lower == strings.ToLower(subject) || isTree && (lower == all || strings.HasPrefix(lower, all+".") || strings.HasPrefix(lower, all+"[]"))
		})
	})
}

// testsHere are the names of the tests in the working directory, and all texts
// in them, as names of subtests are.
func testsHere(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	files, err := fs.Glob(os.DirFS("."), "*_test.go")
	require.NoError(t, err)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				found[n.Name.Name] = true
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil {
					found[text] = true
				}
			}
			return true
		})
	}
	return found
}

func assertTest(t *testing.T, tests map[string]bool, where string) {
	t.Helper()
	for name := range strings.SplitSeq(where, ", ") {
		function, subtest, _ := strings.Cut(name, "/")
		assert.True(t, strings.HasPrefix(function, "Test") && tests[function], "the table names the test %s, which is not there", function)
		assert.True(t, subtest == "" || tests[subtest], "the table names %s, and no test here has that name", name)
	}
}

// breaker sends a request for each rule that the table enforces, and each way
// to break it.
type breaker struct {
	service    wire.Service
	operations map[string]wire.Operation
	table      *refusals.Table
	words      func(operation string, f refusals.Fault) (code, message string)
	alone      bool // a request may break one rule only
}

func (b *breaker) run(t *testing.T) {
	t.Helper()
	a, _ := NewAccount()
	server := NewServer(t, a, b.service)
	for _, row := range b.table.Rows {
		if row.Where != refusals.ByTable {
			continue
		}
		rule, err := refusals.ParseRule(row.Rule)
		require.NoError(t, err)
		for _, operation := range row.Operations {
			for _, member := range row.Subjects {
				for _, wrong := range violations(rule) {
					b.send(t, server, operation, member, rule, wrong)
				}
			}
		}
	}
}

func (b *breaker) send(t *testing.T, server *Server, operation, member string, rule refusals.Rule, wrong violation) {
	t.Helper()
	in := b.operations[operation].Input()
	tree, place := plant(in, pathOf(member), "", wrong)
	if b.alone {
		b.complete(operation, in, tree.(map[string]any), pathOf(member)[0])
	}
	fault := refusals.Fault{Member: place, Absent: wrong.value == nil, Demand: wrong.demand}
	fault.Value = strings.ReplaceAll(fmt.Sprint(wrong.value), "\x01", controlIn(b.service.Protocol))
	what := fmt.Sprintf("%s with %s = %.40s", operation, member, fault.Value)
	code, message := b.words(operation, fault)
	if rule.Unit == refusals.Items && !fault.Absent {
		_, message, _ = strings.Cut(message, fault.Value) // which the test's items have otherwise
	}
	reply := server.send(t, b.service, operation, tree)
	assert.Equal(t, code, reply.Code, what)
	assert.Contains(t, reply.Message, message, what)
}

// complete gives a request the members that it needs, other than one.
func (b *breaker) complete(operation string, in reflect.Type, members map[string]any, other string) {
	for _, row := range b.table.Rows {
		rule, err := refusals.ParseRule(row.Rule)
		if row.Where != refusals.ByTable || err != nil || !rule.Required || !slices.Contains(row.Operations, operation) {
			continue
		}
		for _, member := range row.Subjects {
			if path := pathOf(member); len(path) == 1 && !strings.EqualFold(member, other) {
				members[member] = sound(rule, memberType(in, member))
			}
		}
	}
}

// sound is a value of that type that the rule allows.
func sound(rule refusals.Rule, t reflect.Type) any {
	if len(rule.Set) > 0 {
		return rule.Set[0]
	}
	if t.Kind() != reflect.String {
		return filler(t)
	}
	low := 1
	if rule.Low != nil {
		low = max(low, *rule.Low)
	}
	for _, text := range []string{strings.Repeat("a", low), "v1", "/"} {
		if rule.Pattern == nil || rule.Pattern.MatchString(text) {
			return text
		}
	}
	panic("no text fits " + rule.Expression)
}

func pathOf(member string) []string {
	return strings.Split(strings.ReplaceAll(member, "[]", ".[]"), ".")
}

// controlIn is how an answer has a control character, which XML can't hold.
func controlIn(protocol wire.Protocol) string {
	if protocol == wire.Query || protocol == wire.EC2Query {
		return "\uFFFD"
	}
	return "\x01"
}

// violation is a value that breaks a rule, nil for none, and the words that
// refuse it.
type violation struct {
	value  any
	items  int // how many items of a list, where the value is one
	demand string
}

func violations(rule refusals.Rule) []violation {
	var all []violation
	add := func(value any, demand string, args ...any) {
		all = append(all, violation{value: value, demand: fmt.Sprintf(demand, args...)})
	}
	if rule.Required {
		add(nil, "not be null")
	}
	if rule.Set != nil {
		var none any = "no-such-value"
		if _, err := strconv.Atoi(rule.Set[0]); err == nil {
			none = -1
		}
		add(none, "satisfy enum value set: [%s]", strings.Join(rule.Set, ", "))
	}
	if rule.Pattern != nil {
		texts := []string{"!", "a b", "%", ":", "\x01"}
		breaks := slices.IndexFunc(texts, func(text string) bool { return !rule.Pattern.MatchString(text) })
		if breaks < 0 {
			panic("no text breaks " + rule.Expression)
		}
		add(texts[breaks], "satisfy regular expression pattern: %s", rule.Expression)
	}
	for _, end := range []struct {
		bound *int
		by    int
		words string
	}{{rule.Low, -1, "greater than or equal to"}, {rule.High, +1, "less than or equal to"}} {
		if end.bound == nil {
			continue
		}
		switch n := *end.bound + end.by; rule.Unit {
		case refusals.Number:
			add(n, "have value %s %d", end.words, *end.bound)
		case refusals.Characters:
			add(strings.Repeat("a", n), "have length %s %d", end.words, *end.bound)
		case refusals.Items:
			all = append(all, violation{value: []any{}, items: n, demand: fmt.Sprintf("have length %s %d", end.words, *end.bound)})
		}
	}
	return all
}

// plant makes parameters of that type with the violation at the end of the
// path, and returns its place in AWS's words too.
func plant(in reflect.Type, path []string, place string, wrong violation) (tree any, at string) {
	for in.Kind() == reflect.Pointer {
		in = in.Elem()
	}
	if len(path) == 0 {
		if _, isList := wrong.value.([]any); isList {
			items := make([]any, wrong.items)
			for i := range items {
				items[i] = filler(in.Elem())
			}
			return items, place
		}
		return wrong.value, place
	}
	if path[0] == "[]" {
		item, at := plant(in.Elem(), path[1:], place+".1.member", wrong)
		return []any{item}, at
	}
	name := strings.ToLower(path[0][:1]) + path[0][1:]
	if place != "" {
		name = place + "." + name
	}
	value, at := plant(memberType(in, path[0]), path[1:], name, wrong)
	members, _ := filler(in).(map[string]any)
	if place == "" {
		members = map[string]any{}
	}
	maps.DeleteFunc(members, func(has string, _ any) bool { return strings.EqualFold(has, path[0]) })
	if value != nil {
		members[path[0]] = value
	}
	return members, at
}

func memberType(structure reflect.Type, member string) reflect.Type {
	for _, field := range reflect.VisibleFields(structure) {
		if strings.EqualFold(wire.MemberName(field), member) {
			return field.Type
		}
	}
	panic(fmt.Sprintf("%v has no member %s", structure, member))
}

// filler is a value of that type: of a structure one with a member, so that it
// can be seen in Query, where a structure is its members.
func filler(t reflect.Type) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		members, others := map[string]any{}, map[string]any{}
		for _, field := range reflect.VisibleFields(t) {
			switch name := wire.MemberName(field); {
			case name == "":
			case isScalar(field.Type, reflect.String):
				members[name] = "a"
			case isScalar(field.Type, reflect.Int, reflect.Float64):
				others[name] = 1
			case isScalar(field.Type, reflect.Bool):
				others[name] = true
			}
		}
		if len(members) == 0 {
			return others
		}
		return members
	case reflect.String:
		return "a"
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return []any{filler(t.Elem())}
		}
		return "a2V5"
	case reflect.Bool:
		return true
	}
	return 1
}

// isScalar reports whether a member has one of the kinds, or is optional and
// has.
func isScalar(t reflect.Type, kinds ...reflect.Kind) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return slices.Contains(kinds, t.Kind())
}

// send calls an operation with parameters that may be wrong.
func (s *Server) send(t *testing.T, service wire.Service, operation string, parameters any) *Reply {
	t.Helper()
	if service.Protocol != wire.Query && service.Protocol != wire.EC2Query {
		return s.JSON(t, service.Name, service.TargetPrefix+"."+operation, parameters, nil)
	}
	form := url.Values{}
	item := ".member."
	if service.Protocol == wire.EC2Query {
		item = "."
	}
	flatten(form, "", item, parameters)
	return s.Query(t, service.Name, operation, form, nil)
}

// flatten writes parameters as Query does; item stands before a list's numbers.
func flatten(form url.Values, name, item string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for member, inner := range value {
			flatten(form, strings.TrimPrefix(name+"."+member, "."), item, inner)
		}
	case []any:
		if len(value) == 0 {
			form.Set(name, "")
		}
		for i, inner := range value {
			flatten(form, fmt.Sprint(name, item, i+1), item, inner)
		}
	default:
		form.Set(name, fmt.Sprint(value))
	}
}
