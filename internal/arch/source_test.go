package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
)

// source is one parsed Go file.
type source struct {
	path string // slash-separated, from the module's root
	dir  string // of path; "." for the root
	ast  *ast.File
	fset *token.FileSet
}

// parse reads one file. src is its text.
func parse(name string, src []byte) (source, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	return source{path: name, dir: path.Dir(name), ast: f, fset: fset}, err
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// breach says where a rule is broken.
func (s source) breach(at ast.Node, format string, args ...any) string {
	line := s.fset.Position(at.Pos()).Line
	return fmt.Sprintf("%s:%d: %s", s.path, line, fmt.Sprintf(format, args...))
}

// importPath returns the unquoted path of an import.
func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser has let it pass; no rule will
	}
	return p
}

// under reports whether dir is root or lies below it.
func under(dir, root string) bool {
	return dir == root || strings.HasPrefix(dir, root+"/")
}

// load parses every Go file of the module in fsys, on whatever platform it
// is built. Nested modules, testdata and hidden directories are not of it.
func load(t *testing.T, fsys fs.FS) []source {
	t.Helper()
	var out []source
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(fsys, name) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		s, err := parse(name, src)
		out = append(out, s)
		return err
	})
	if err != nil {
		t.Fatalf("load the module: %v", err)
	}
	return out
}

func skipped(fsys fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	base := path.Base(dir)
	if base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}
