package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spcent/plumego/store/kv"
)

// killedStore returns the directory that a process leaves which is killed
// after it stored greeting=hello.
func killedStore(t *testing.T) string {
	t.Helper()
	live, killed := filepath.Join(t.TempDir(), "live"), filepath.Join(t.TempDir(), "killed")
	s, err := kv.NewKVStore(kv.Options{DataDir: live})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Set("greeting", []byte("hello"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(killed, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	return killed
}

// contents returns the names and bytes of the files in dir.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(data)
	}
	return files
}

func TestKilledStoreIsReadAndLeftAlone(t *testing.T) {
	dir := killedStore(t)
	before := contents(t, dir)
	if got := must(t, kvctl("get", dir, "greeting")); got != "hello" {
		t.Errorf("get: %q; want hello", got)
	}
	must(t, kvctl("stats", dir))
	must(t, kvctl("dump", dir))
	must(t, kvctl("verify", dir))
	after := contents(t, dir)
	for name := range after {
		if after[name] != before[name] {
			t.Errorf("%s has changed", name)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d files; want the %d of before", len(after), len(before))
	}
}

func TestKilledStoreIsWrittenOn(t *testing.T) {
	dir := killedStore(t)
	must(t, kvctl("set", dir, "k", "v"))
	if got := must(t, kvctl("scan", dir)); got != "greeting\thello\nk\tv\n" {
		t.Errorf("scan: %q; want both keys", got)
	}
	must(t, kvctl("verify", dir))
}
