// Package refusals reads a service's table of what AWS refuses, and holds
// requests to the rules in it.
//
// The table is a file refusals.md beside the service, which embeds it. Each
// row says of members or errors of operations what AWS demands, and what
// localaws does about it:
//
//	| operations | members or errors | rule | state | where |
//	| --- | --- | --- | --- | --- |
//	| CreateThing | `Size` | `required; 1 to 9` | enforced | TestRulesOfTheTable |
//	| * | `Name` | names are unique | enforced | TestThings/second of the name |
//	| CreateThing | ThingLimitExceeded | | can't happen | localaws has no such quota |
//
// An asterisk stands for all operations; a member that ends in ".*" for all
// that it holds. Rules whose test is TestRulesOfTheTable are enforced by Check
// alone, as written: "required", "1 to 9", "1 to 9 characters", "1 to 9 items",
// "one of A, B", and last "matches EXPRESSION", joined by semicolons. Where a
// number's place is empty, as in "to 9", there is no such bound. Services
// enforce the others, by code that the test named there holds. A test,
// wiretest.Refusals, holds the table to the service: no operation, and no
// member that it reads, may lack a row. Rows may say "missing" only where that
// test allows it, so that one sees what localaws does not refuse.
package refusals

import (
	"fmt"
	"slices"
	"strings"
)

// ByTable is the test of the rules that Check enforces.
const ByTable = "TestRulesOfTheTable"

// State is what localaws does about a rule.
type State string

// The states of a row.
const (
	Enforced    State = "enforced"
	CannotBreak State = "can't happen"
	Missing     State = "missing"
)

// Row is one of a table.
type Row struct {
	Operations []string
	// Subjects are members, as wire.Operation lists them, or errors.
	Subjects []string
	Rule     string
	State    State
	// Where is the test of what is enforced, and the reason of what can't
	// happen or is missing.
	Where string
}

// Table is what AWS refuses of a service's requests.
type Table struct {
	Rows   []Row
	limits map[string][]limit // by operation
}

// limit is what Check demands of a member.
type limit struct {
	path []string
	Rule
}

// Parse reads a table; all lines that are no rows of one are text.
func Parse(text string) (*Table, error) {
	table := &Table{limits: map[string][]limit{}}
	for n, line := range strings.Split(text, "\n") {
		cells, ok := split(line)
		if !ok || cells[0] == "operations" || strings.HasPrefix(cells[0], "--") {
			continue
		}
		if len(cells) != 5 {
			return nil, fmt.Errorf("line %d has %d cells, not 5", n+1, len(cells))
		}
		row := Row{list(cells[0]), list(cells[1]), cells[2], State(cells[3]), cells[4]}
		if !slices.Contains([]State{Enforced, CannotBreak, Missing}, row.State) || len(row.Operations)*len(row.Subjects) == 0 || row.Where == "" {
			return nil, fmt.Errorf("line %d needs operations, members or errors, a state and a test or reason", n+1)
		}
		table.Rows = append(table.Rows, row)
		if err := table.limit(row); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return table, nil
}

// MustParse is Parse of a table that is part of the program.
func MustParse(text string) *Table {
	table, err := Parse(text)
	if err != nil {
		panic("refusals.md: " + err.Error())
	}
	return table
}

func (t *Table) limit(row Row) error {
	if row.Where != ByTable {
		return nil
	}
	rule, err := ParseRule(row.Rule)
	if err != nil {
		return err
	}
	for _, operation := range row.Operations {
		for _, member := range row.Subjects {
			path := strings.Split(strings.ReplaceAll(member, "[]", ".[]"), ".")
			t.limits[operation] = append(t.limits[operation], limit{path, rule})
		}
	}
	return nil
}

// split returns a row's cells without the marks that make them look well. A
// bar within a cell is written \|.
func split(line string) (cells []string, ok bool) {
	line, ok = strings.CutPrefix(strings.TrimSpace(line), "|")
	if !ok {
		return nil, false
	}
	const bar = "\x00"
	line = strings.TrimSuffix(strings.ReplaceAll(line, `\|`, bar), "|")
	for cell := range strings.SplitSeq(line, "|") {
		cell = strings.ReplaceAll(strings.TrimSpace(cell), bar, "|")
		cells = append(cells, strings.ReplaceAll(cell, "`", ""))
	}
	return cells, true
}

func list(cell string) []string {
	var all []string
	for part := range strings.SplitSeq(cell, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
