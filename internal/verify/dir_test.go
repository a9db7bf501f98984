package verify

import (
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"pgregory.net/rapid"

	"github.com/spcent/plumego/store/kv"
)

// scratch returns a new directory for small stores, in memory where the
// system has such a place: what these tests look for is not lost by a disk.
// The caller removes it.
func scratch(t rapid.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "verify")
	if err != nil {
		dir, err = os.MkdirTemp("", "verify")
	}
	if err != nil {
		t.Fatalf("make a directory: %v", err)
	}
	return dir
}

// open opens a store.
func open(t rapid.TB, opts kv.Options) *kv.KVStore {
	t.Helper()
	s, err := kv.NewKVStore(opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

// copyDir copies a directory as it is at one moment: what a process that is
// killed then leaves. Nobody may be calling the store. What the store does by
// itself is waited for: two looks in a row must see the same, and no file
// ever becomes what it was.
func copyDir(t rapid.TB, from, to string) {
	t.Helper()
	image := readDir(t, from)
	for patience := 10_000; ; patience-- {
		again := readDir(t, from)
		if maps.Equal(image, again) {
			break
		}
		if patience == 0 {
			t.Fatalf("copy: the store does not come to rest")
		}
		image = again
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatalf("copy: %v", err)
	}
	for name, data := range image {
		if err := os.WriteFile(filepath.Join(to, name), []byte(data), 0o600); err != nil {
			t.Fatalf("copy: %v", err)
		}
	}
}

// readDir reads all files that do not go meanwhile.
func readDir(t rapid.TB, dir string) map[string]string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("copy: %v", err)
	}
	image := map[string]string{}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err == nil {
			image[entry.Name()] = string(data)
		} else if !os.IsNotExist(err) {
			t.Fatalf("copy: %v", err)
		}
	}
	return image
}

// copySome copies the files of a directory, one by one in some order, into a
// new one, with something happening before each. A file that has gone
// meanwhile is left out, as by any program that copies a tree.
func copySome(t rapid.TB, from, to string, order func([]fs.DirEntry), meanwhile func()) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err == nil {
		err = os.Mkdir(to, 0o700)
	}
	if err != nil {
		t.Fatalf("copy: %v", err)
	}
	order(entries)
	for _, entry := range entries {
		meanwhile()
		err := copyFile(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name()))
		if err != nil && !os.IsNotExist(err) {
			t.Fatalf("copy: %v", err)
		}
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	// Piece by piece, and never by a call that may share blocks: a writer's
	// work shall come between.
	piece := make([]byte, 4<<10)
	if _, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, piece); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// forgetCaches removes what a closed store, or one whose process has died,
// can do without: all but the manifest, the lock and the segments.
func forgetCaches(t rapid.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("forget: %v", err)
	}
	for _, e := range entries {
		if name := e.Name(); name == "MANIFEST" || name == "LOCK" || strings.HasSuffix(name, ".seg") {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			t.Fatalf("forget: %v", err)
		}
	}
}
