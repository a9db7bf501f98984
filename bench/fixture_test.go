package bench

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/spcent/plumego/store/kv"
)

var numKeys = flag.Int("keys", 1_000_000, "keys in the stores that are measured")

// shared is loaded by the benchmark that first asks and lives until the
// process ends: loading a million keys takes seconds, and a benchmark
// function is called several times. What reads and what writes have a
// store each, so that overwrites do not scatter what is read.
var shared struct {
	dir     string
	data    func() *data
	reading fixture
	writing fixture
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "store-bench")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	shared.dir = dir
	shared.data = sync.OnceValue(func() *data { return newData(max(1, *numKeys)) })
	defer shared.reading.close()
	defer shared.writing.close()
	return m.Run()
}

// fixture is the engine and the map with all keys in them.
type fixture struct {
	once sync.Once
	err  error
	kv   *kv.KVStore
	hash *lockedMap

	kvHeap, mapHeap float64 // bytes of heap per key, all told
}

func reading(b *testing.B) (*fixture, *data) { return shared.reading.ready(b, "reading") }
func writing(b *testing.B) (*fixture, *data) { return shared.writing.ready(b, "writing") }

// ready loads the fixture if that was not done yet.
func (f *fixture) ready(b *testing.B, name string) (*fixture, *data) {
	b.Helper()
	d := shared.data()
	f.once.Do(func() { f.err = f.fill(d, filepath.Join(shared.dir, name)) })
	if f.err != nil {
		b.Fatal(f.err)
	}
	return f, d
}

func (f *fixture) fill(d *data, dir string) error {
	before := heap()
	s, err := openNever(dir)
	if err != nil {
		return err
	}
	f.kv, f.hash = s, newLockedMap()
	if err := load(s, d); err != nil {
		return err
	}
	// The order of keys may be kept lazily; asking for it makes the engine
	// hold all that it ever holds before it is weighed.
	for range s.Keys("") {
		break
	}
	between := heap()
	if err := load(f.hash, d); err != nil {
		return err
	}
	n := float64(len(d.load))
	f.kvHeap = float64(between-before) / n
	f.mapHeap = float64(heap()-between) / n
	return nil
}

func (f *fixture) close() {
	if f.kv != nil {
		f.kv.Close()
	}
}

func openNever(dir string) (*kv.KVStore, error) {
	return kv.NewKVStore(kv.Options{DataDir: dir, Sync: kv.SyncNever})
}

// load puts every key, each in a memory of its own as if it had come from
// a request.
func load(s subject, d *data) error {
	for _, key := range d.load {
		if err := s.Set(strings.Clone(key), d.value, 0); err != nil {
			return err
		}
	}
	return nil
}

// heap returns the bytes of live objects.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
