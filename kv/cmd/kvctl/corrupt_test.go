package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestCorrupt runs verify and salvage on every damaged store.
func TestCorrupt(t *testing.T) {
	if *updateCorrupt {
		makeCorrupt(t)
	}
	for name := range corruptions() {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(corruptDir, name)
			b, err := os.ReadFile(filepath.Join(dir, "case.json"))
			if err != nil {
				t.Fatalf("%v: make it with -update-corrupt", err)
			}
			var want corruptCase
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			verify, salvage := examine(t, filepath.Join(dir, "store"))
			if !reflect.DeepEqual(verify, want.Verify) {
				t.Errorf("verify said\n%+v\nwant\n%+v", verify, want.Verify)
			}
			if !reflect.DeepEqual(salvage, want.Salvage) {
				t.Errorf("salvage said\n%+v\nwant\n%+v", salvage, want.Salvage)
			}
		})
	}
}

// examine runs verify and salvage on a copy of a store, which both must leave
// as it was. What was salvaged must be sound.
func examine(t *testing.T, store string) (verify, salvage said) {
	t.Helper()
	src, dst := t.TempDir(), filepath.Join(t.TempDir(), "new")
	before := readFiles(t, store)
	before.write(t, src)
	tell := func(r ran) said {
		lines := func(text string) []string {
			text = strings.NewReplacer(src, "SRC", dst, "DST", `\`, "/").Replace(text)
			return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		}
		return said{r.code, lines(r.stdout), lines(r.stderr)}
	}
	verify = tell(kvctl("verify", src))
	salvage = tell(kvctl("salvage", src, dst))
	if !maps.EqualFunc(before, readFiles(t, src), func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Error("the store was changed")
	}
	must(t, kvctl("verify", dst))
	return verify, salvage
}

// TestSalvagePrintsKeysOnlyOnRequest looks for a key in the output.
func TestSalvagePrintsKeysOnlyOnRequest(t *testing.T) {
	src := filepath.Join(corruptDir, "flipped-value", "store")
	for _, tt := range []struct {
		flags []string
		want  string
		shown bool
	}{
		{nil, "", false},
		{[]string{"-json"}, `"lost_keys":1`, false},
		{[]string{"-keys"}, "lost key\tsession:3\n", true},
		{[]string{"-keys", "-json"}, `{"key":"session:3","fate":"lost"}`, true},
	} {
		got := kvctl(append([]string{"salvage", src, filepath.Join(t.TempDir(), "new")}, tt.flags...)...)
		if got.code != exitLost || got.stderr != "" {
			t.Errorf("%q: exit code %d, stderr %q; want 1 and none", tt.flags, got.code, got.stderr)
		}
		if !strings.Contains(got.stdout, tt.want) || strings.Contains(got.stdout, "session:") != tt.shown {
			t.Errorf("%q: %s; want %q", tt.flags, got.stdout, tt.want)
		}
	}
}

// TestSalvageRefuses wants an error and no new store.
func TestSalvageRefuses(t *testing.T) {
	dir := newStore(t)
	none := filepath.Join(t.TempDir(), "none")
	for _, tt := range []struct{ src, dst, want string }{
		{none, none, "does not exist"},
		{dir, dir, "would lie within"},
		{dir, filepath.Join(dir, "new"), "would lie within"},
		{dir, corruptDir, "is not empty"},
		{t.TempDir(), none, "not a store"},
	} {
		got := kvctl("salvage", tt.src, tt.dst)
		if got.code != exitError || !strings.Contains(got.stderr, tt.want) {
			t.Errorf("salvage %s %s: exit code %d, stderr %q; want 2 and %q", tt.src, tt.dst, got.code, got.stderr, tt.want)
		}
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("a new store was made: %v", err)
	}
	must(t, kvctl("verify", dir))
}
