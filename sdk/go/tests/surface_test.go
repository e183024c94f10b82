package tests

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/sandover/plasmite/bindings/go/api"
)

var update = flag.Bool("update", false, "write surface.txt again")

// What programs can name, as a committed list: a change of it is a decision.
func TestSurface(t *testing.T) {
	got := strings.Join(append(surface(t, "api"), surface(t, "local")...), "\n") + "\n"
	if *update {
		must(t, os.WriteFile("surface.txt", []byte(got), 0o644))
	}
	want, err := os.ReadFile("surface.txt")
	must(t, err)
	if got != string(want) {
		t.Fatalf("the exported names differ from surface.txt; go test -run TestSurface -update writes it again:\n%s", got)
	}
}

func surface(t *testing.T, name string) (lines []string) {
	files := token.NewFileSet()
	source := func(info fs.FileInfo) bool { return !strings.HasSuffix(info.Name(), "_test.go") }
	packages, err := parser.ParseDir(files, "../"+name, source, 0)
	must(t, err)
	text := func(node any) string {
		var out bytes.Buffer
		must(t, (&printer.Config{Mode: printer.RawFormat}).Fprint(&out, files, node))
		return regexp.MustCompile(`\s+`).ReplaceAllString(out.String(), " ")
	}
	for _, file := range packages[name].Files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				receiver := ""
				if decl.Recv != nil {
					receiver = text(decl.Recv.List[0].Type)
				}
				if decl.Name.IsExported() && ast.IsExported(strings.TrimPrefix(receiver, "*")) || decl.Name.IsExported() && receiver == "" {
					decl.Body = nil
					lines = append(lines, name+": "+text(decl))
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						if spec.Name.IsExported() {
							withoutPrivate(spec)
							lines = append(lines, name+": type "+text(spec))
						}
					case *ast.ValueSpec:
						for _, value := range spec.Names {
							if value.IsExported() {
								lines = append(lines, name+": "+decl.Tok.String()+" "+value.Name)
							}
						}
					}
				}
			}
		}
	}
	sort.Strings(lines)
	return lines
}

// withoutPrivate drops the fields of a struct that programs cannot name.
func withoutPrivate(spec *ast.TypeSpec) {
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	var kept []*ast.Field
	for _, field := range fields.Fields.List {
		var names []*ast.Ident
		for _, name := range field.Names {
			if name.IsExported() {
				names = append(names, name)
			}
		}
		if field.Names = names; len(names) != 0 {
			kept = append(kept, field)
		}
	}
	fields.Fields.List = kept
}

func TestVersionIsTheWorkspaces(t *testing.T) {
	manifest, err := os.ReadFile("../../../Cargo.toml")
	must(t, err)
	version := regexp.MustCompile(`(?m)^version = "(.*)"$`).FindSubmatch(manifest)
	equal(t, "version", api.Version, string(version[1]))
	module, err := os.ReadFile("go.mod")
	must(t, err)
	if !strings.Contains(string(module), "bindings/go v"+api.Version+"\n") {
		t.Fatal("tests/go.mod names another version")
	}
}
