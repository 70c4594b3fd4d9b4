package wiretest

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
)

// XMLBodies are the requests of a REST service with bodies in XML.
type XMLBodies struct {
	// Items are the elements that lists have, by the member that is the list.
	Items map[string]string
	// Code is that of refusals.
	Code string
	// Send calls an operation with the members of its body.
	Send func(operation, members string) *Reply
}

// RefusalsOfXML is Refusals for a REST service: no operation may lack a row, and
// each rule that the table enforces is broken by a body.
func RefusalsOfXML(t *testing.T, operations []string, table *refusals.Table, bodies XMLBodies, options ...Option) {
	t.Helper()
	RefusalsByCode(t, operations, table, options...)
	for _, row := range table.Rows {
		if row.Where != refusals.ByTable {
			continue
		}
		rule, err := refusals.ParseRule(row.Rule)
		require.NoError(t, err)
		for _, operation := range row.Operations {
			for _, member := range row.Subjects {
				for _, wrong := range violations(rule) {
					if wrong.value == "" {
						continue // an empty element is none
					}
					body, place := bodies.plant(pathOf(member), "", wrong)
					reply := bodies.Send(operation, body)
					value := "'" + fmt.Sprint(wrong.value) + "'"
					switch {
					case wrong.value == nil:
						value = "null"
					case rule.Unit == refusals.Items:
						value = ""
					}
					what := fmt.Sprintf("%s with %s = %.40s", operation, member, value)
					assert.Equal(t, bodies.Code, reply.Code, what)
					assert.Contains(t, reply.Message, value+" at '"+place+"' failed to satisfy constraint: Member must "+wrong.demand, what)
				}
			}
		}
	}
}

// plant writes the members down to the end of the path, where the violation
// stands, and returns its place in AWS's words.
func (b XMLBodies) plant(path []string, place string, wrong violation) (body, at string) {
	if len(path) == 0 {
		var text strings.Builder
		_ = xml.EscapeText(&text, []byte(fmt.Sprint(wrong.value))) // a Builder takes all
		return text.String(), place
	}
	name, rest := path[0], path[1:]
	member := strings.TrimPrefix(place+"."+strings.ToLower(name[:1])+name[1:], ".")
	if len(rest) == 0 && wrong.value == nil {
		return "", member
	}
	if _, isList := wrong.value.([]any); isList && len(rest) == 0 {
		item := "<" + b.Items[name] + "></" + b.Items[name] + ">"
		return "<" + name + ">" + strings.Repeat(item, wrong.items) + "</" + name + ">", member
	}
	if len(rest) > 0 && rest[0] == "[]" {
		inner, at := b.plant(rest[1:], member+".1.member", wrong)
		item := b.Items[name]
		return fmt.Sprintf("<%s><%s>%s</%s></%s>", name, item, inner, item, name), at
	}
	inner, at := b.plant(rest, member, wrong)
	return fmt.Sprintf("<%s>%s</%s>", name, inner, name), at
}
