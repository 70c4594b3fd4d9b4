package localaws_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/infrahouse/terraform-aws-ecs/localaws/"

// layers are the rooms from the top down. A package imports what stands in
// its own layer or below it, and nothing above.
var layers = []string{
	"cmd/", "localawstest",
	"internal/server",
	"internal/world/ecsagent", // runs on machines, which know nothing of it
	"internal/world/",
	"internal/aws/",
	"internal/wiretest", // for the tests of the services
	"internal/core",
	"internal/wire",
	"internal/ids",
	"client", // of the HTTP interface: it knows no other room
}

// libraries are the modules that packages use beside the standard library.
var libraries = map[string][]string{
	"client/stack":      {"github.com/aws/aws-sdk-go-v2", "github.com/stretchr/testify"},
	"localawstest":      {"github.com/stretchr/testify"},
	"internal/wiretest": {"github.com/stretchr/testify"},
	"internal/wire":     {"github.com/aws/smithy-go"},
	// An embedded database: a change costs what it changed.
	"internal/core/store": {"go.etcd.io/bbolt"},
	// RegisterTaskDefinition echoes every field of a definition.
	"internal/aws/ecs":                           {"github.com/aws/aws-sdk-go-v2"},
	"internal/world/ecsagent":                    {"github.com/aws/aws-sdk-go-v2"},
	"internal/world/machines/cloudinit":          {"gopkg.in/yaml.v3"},
	"internal/world/containers/containertest":    {"github.com/stretchr/testify"},
	"internal/world/containers/embedded/daemons": {"gopkg.in/yaml.v3"},
	"internal/world/containers/embedded/tempo":   {"gopkg.in/yaml.v3"},
	"internal/world/containers/embedded/kernel":  {"golang.org/x/sys"},
	"internal/world/containers/embedded/shell":   {"mvdan.cc/sh/v3"},
	"internal/world/dns":                         {"golang.org/x/net"},
}

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath string
	GoFiles    []string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,GoFiles,Imports", "./...")
	out, err := command.Output()
	require.NoError(t, err)
	var all []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		if len(p.GoFiles) > 0 { // not only tests, as here
			all = append(all, p)
		}
	}
}

// layer is a package's place in layers, counted from the top.
func layer(path string) int {
	return slices.IndexFunc(layers, func(l string) bool { return strings.HasPrefix(path+"/", strings.TrimSuffix(l, "/")+"/") })
}

func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		if !assert.GreaterOrEqual(t, layer(from), 0, "%s is in no layer", from) {
			continue
		}
		for _, imported := range p.Imports {
			to, own := strings.CutPrefix(imported, module)
			if own {
				assert.LessOrEqual(t, layer(from), layer(to), "%s imports %s, which is above it", from, to)
				continue
			}
			assert.NoError(t, allowed(from, imported))
		}
	}
}

// allowed reports whether a package may use a package of another module.
func allowed(from, imported string) error {
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return nil // the standard library
	}
	for _, library := range libraries[from] {
		if strings.HasPrefix(imported+"/", library+"/") {
			return nil
		}
	}
	return fmt.Errorf("%s imports %s: add it to libraries when it is worth its weight", from, imported)
}

func TestLayersHaveRooms(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for _, p := range packages(t) {
		seen[layer(strings.TrimPrefix(p.ImportPath, module))] = true
	}
	for i, l := range layers {
		assert.True(t, seen[i], "the layer %s has no package", l)
	}
}

// mostMethods is how many methods a type may have: one with more does several
// jobs.
const mostMethods = 25

func TestNoTypeHoldsEverything(t *testing.T) {
	t.Parallel()
	methods := map[string]int{} // by package and type
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
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
	require.NotEmpty(t, methods)
	for name, count := range methods {
		assert.LessOrEqual(t, count, mostMethods, "methods of %s", name)
	}
}

// receiver is the name of a method's type, without a pointer and without type
// parameters.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
