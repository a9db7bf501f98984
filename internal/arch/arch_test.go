package arch

import (
	"io/fs"
	"os"
	"testing"
)

// root is the module's directory as seen from this package's.
const root = "../.."

func TestTheHouse(t *testing.T) {
	fsys := os.DirFS(root)
	files := load(t, fsys)
	for _, c := range []struct {
		name string
		rule rule
	}{
		{"every package is in the table", knownPackage},
		{"arrows point one way", onlyItsImports},
		{"only vfs touches the operating system", noSystem},
		{"only kv/clock.go reads the clock", noClock},
		{"nothing below kv logs", noLogger},
		{"nothing runs on import", noInit},
		{"no package has state", noVariables},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range files {
				for _, b := range c.rule(f) {
					t.Error(b)
				}
			}
		})
	}
	t.Run("go.mod requires xxhash, btree and testify", func(t *testing.T) {
		gomod, err := fs.ReadFile(fsys, "go.mod")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range undirected(string(gomod)) {
			t.Errorf("go.mod: requires %s directly", m)
		}
	})
	t.Logf("%d files held to the rules", len(files))
}
