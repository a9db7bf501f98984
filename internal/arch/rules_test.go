package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// rule looks at one file and returns its breaches.
type rule func(f source) []string

// knownPackage: every package has its line in the table.
func knownPackage(f source) []string {
	if _, ok := imports()[f.dir]; !ok {
		return []string{f.breach(f.ast.Name, "package %s is not in the table of internal/arch/table_test.go", f.dir)}
	}
	return nil
}

// onlyItsImports: a package imports what the table allows. Tests are free,
// and so are packages the table does not know: knownPackage has them.
func onlyItsImports(f source) (out []string) {
	allowed, known := imports()[f.dir]
	if f.isTest() || !known {
		return nil
	}
	for _, spec := range f.ast.Imports {
		p := importPath(spec)
		if isStandard(p) || slices.Contains(allowed, inModule(p)) {
			continue
		}
		out = append(out, f.breach(spec, "package %s must not import %s", f.dir, inModule(p)))
	}
	return out
}

// isStandard: paths of the standard library have no dot in their first
// element.
func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

// inModule turns the import path of a package of this module into its
// directory and leaves every other path as it is.
func inModule(p string) string {
	if p == module {
		return "."
	}
	return strings.TrimPrefix(p, module+"/")
}

// noSystem: the operating system is reached through vfs.
func noSystem(f source) (out []string) {
	if f.isTest() || exempt(f) || f.dir == systemRoom {
		return nil
	}
	for _, spec := range f.ast.Imports {
		p := importPath(spec)
		if p == systemGuests()[f.path] {
			continue
		}
		if under(p, "os") || under(p, "syscall") {
			out = append(out, f.breach(spec, "only %s may import %s", systemRoom, p))
		}
	}
	return out
}

// noClock: the time of day is read in one place, which a test can replace.
// Taking time.Now as a value is reading it later.
func noClock(f source) (out []string) {
	if _, guest := clockGuests()[f.path]; guest || f.isTest() || exempt(f) || f.path == clockFile || f.path == cacheClock {
		return nil
	}
	name := ""
	for _, spec := range f.ast.Imports {
		if importPath(spec) != "time" {
			continue
		}
		name = "time"
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			out = append(out, f.breach(spec, "a dot import hides the clock"))
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if ok && x.Name == name && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) {
			out = append(out, f.breach(sel, "only %s may use time.%s", clockFile, sel.Sel.Name))
		}
		return true
	})
	return out
}

// noLogger: below kv, what happened is returned and not logged.
func noLogger(f source) (out []string) {
	if f.isTest() || logs(f.dir) {
		return nil
	}
	for _, spec := range f.ast.Imports {
		if p := importPath(spec); under(p, "log") {
			out = append(out, f.breach(spec, "package %s is below kv and must not import %s", f.dir, p))
		}
	}
	return out
}

// noInit: importing a package does nothing.
func noInit(f source) (out []string) {
	if f.isTest() {
		return nil
	}
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			out = append(out, f.breach(fn, "func init runs before anybody asked"))
		}
	}
	return out
}

// noVariables: a package has no state of its own. Sentinel errors and
// `var _ I = T{}` are variables in name only.
func noVariables(f source) (out []string) {
	if f.isTest() {
		return nil
	}
	for _, d := range f.ast.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			for _, name := range v.Names {
				if name.Name != "_" && !isSentinel(name.Name, v) && !isCache(f.dir+"."+name.Name) {
					out = append(out, f.breach(name, "package variable %s: state belongs in a value", name.Name))
				}
			}
		}
	}
	return out
}

// isSentinel reports whether a variable is named as an error and has been
// given its one value.
func isSentinel(name string, v *ast.ValueSpec) bool {
	return len(v.Values) == len(v.Names) && strings.HasPrefix(strings.ToLower(name), "err")
}

// undirected returns the modules that the text of a go.mod requires
// directly though direct does not list them.
func undirected(gomod string) (out []string) {
	inBlock := false
	for line := range strings.Lines(gomod) {
		code, comment, _ := strings.Cut(strings.TrimSpace(line), "//")
		words := strings.Fields(code)
		switch {
		case len(words) == 0:
			continue
		case words[0] == "require" && len(words) > 1 && words[1] == "(":
			inBlock = true
			continue
		case words[0] == ")":
			inBlock = false
			continue
		case words[0] == "require":
			words = words[1:]
		case !inBlock:
			continue
		}
		if strings.TrimSpace(comment) != "indirect" && !slices.Contains(direct(), words[0]) {
			out = append(out, words[0])
		}
	}
	return out
}
