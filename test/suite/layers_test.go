package suite

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

const thisPackage = "github.com/infrahouse/terraform-aws-ecs/test/suite"

// layers are the rooms of the suite from the top down. Each imports rooms that
// stand below its own layer, and no others.
var layers = [][]string{
	{"cmd/suite"},
	{"."}, // the face that tests call
	{"bench"},
	{"cleanup", "prepare", "suitetest"},
	{"stages"},
	{"run"},
	{"cloud", "configurations", "evidence", "interrupt", "networks", "terraform"},
	{"toolchain", "tffiles"},
	{"workdir", "sweep"},
	{"settings"},
	{"awsapi", "gotest", "progress", "providers", "report", "tfcli", "waits"},
}

func layer(room string) int {
	return slices.IndexFunc(layers, func(rooms []string) bool { return slices.Contains(rooms, room) })
}

func TestRoomsImportWhatStandsBelow(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	require.NoError(t, err)
	room := func(path string) (string, bool) {
		below, ok := strings.CutPrefix(path+"/", thisPackage+"/")
		return strings.TrimSuffix("./"+below, "/"), ok
	}
	for line := range strings.Lines(string(out)) {
		paths := strings.Fields(line)
		from, _ := room(paths[0])
		from = filepath.Clean(from)
		if !assert.GreaterOrEqual(t, layer(from), 0, "%s is in no layer", from) {
			continue
		}
		for _, path := range paths[1:] {
			if to, ok := room(path); ok {
				assert.Less(t, layer(from), layer(filepath.Clean(to)), "%s imports %s, which does not stand below it", from, to)
			}
		}
	}
}

// mostMethods is how many methods a type may have: one with more does several
// jobs.
const mostMethods = 25

func TestNoTypeHoldsEverything(t *testing.T) {
	t.Parallel()
	root, err := workdir.Root()
	require.NoError(t, err)
	methods := map[string]int{} // by package and type
	for _, folder := range []string{"test", "tools"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, declaration := range file.Decls {
				if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv != nil {
					methods[filepath.Dir(path)+" "+receiver(f.Recv.List[0].Type)]++
				}
			}
			return nil
		}))
	}
	require.NotEmpty(t, methods)
	for name, count := range methods {
		assert.LessOrEqual(t, count, mostMethods, "methods of %s", name)
	}
}

// receiver is the name of a method's type.
func receiver(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return "" // of a generic type, of which there are none
}
