package filetest

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/file"
	"github.com/spcent/plumego/store/storetest"
)

// KV runs the contract on file.NewKVStorage over an engine, with chunks of
// several sizes, and what is to hold of the engine's keys besides. open returns
// an empty KV that judges deadlines by now, which may be called from any
// goroutine; it is called once per case. The case closes it.
func KV(t *testing.T, open func(t *testing.T, now func() time.Time) store.KV) {
	for name, opts := range map[string]file.KVOptions{
		"tiny chunks":   {InlineSize: 64, ChunkSize: 512},
		"default sizes": {},
		"all in chunks": {InlineSize: -1, ChunkSize: 1000, Prefix: "other:"},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "tiny chunks" {
				t.Skip("one size of chunks must do")
			}
			Storage(t, func(t *testing.T, now func() time.Time) file.Storage {
				kv := open(t, now)
				opts := opts
				opts.Now = now
				return newKVStorage(t, kv, opts)
			})
		})
	}
	for _, c := range []struct {
		name string
		run  func(f *kvFiles)
	}{
		{"what is replaced or deleted leaves no key", nothingIsLeft},
		{"what was read when it was deleted goes at the last close", lastCloseRemoves},
		{"what has expired goes by garbage collection", expiredIsCollected},
		{"broken at any commit it is as before or as after", brokenEverywhere},
		{"a broken garbage collection is taken up again", brokenCollection},
		{"an upload in another process is let be, or ends", otherUploads},
		{"a file open in another process is let be, or ends", otherReaders},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(newKVFiles(t, open)) })
	}
}

// newKVStorage returns a storage, and closes the engine at the end, by when
// every key must be accounted for.
func newKVStorage(t *testing.T, kv store.KV, opts file.KVOptions) *file.KVStorage {
	s, err := file.NewKVStorage(kv, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kv.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// kvFiles is a KVStorage under test, with small chunks.
type kvFiles struct {
	files
	kv store.KV
	s  *file.KVStorage
}

const (
	inlineSize = 64
	chunkSize  = 512
)

func newKVFiles(t *testing.T, open func(t *testing.T, now func() time.Time) store.KV) *kvFiles {
	f := &kvFiles{files: files{T: t, clock: storetest.NewClock()}}
	f.kv = open(t, f.clock.Now)
	f.s = newKVStorage(t, f.kv, f.options())
	f.Storage = f.s
	return f
}

func (f *kvFiles) options() file.KVOptions {
	return file.KVOptions{InlineSize: inlineSize, ChunkSize: chunkSize, Now: f.clock.Now}
}

// wantKeys expects the keys of the files that are listed, and no others: one
// for a file, and for a body in chunks one for each and one more.
func (f *kvFiles) wantKeys() {
	f.Helper()
	want := 0
	for _, stat := range f.list(file.ListOptions{}).Files {
		want++
		if stat.Size > inlineSize {
			want += 1 + int((stat.Size+chunkSize-1)/chunkSize)
		}
	}
	got := 0
	for _, err := range f.kv.Scan(f.Context(), "", "") {
		if err != nil {
			f.Fatal(err)
		}
		got++
	}
	if got != want {
		f.Fatalf("the store has %d keys, want %d", got, want)
	}
}

func (f *kvFiles) gc() file.GCReport {
	f.Helper()
	report, err := f.s.GC(f.Context())
	if err != nil {
		f.Fatalf("GC: %v", err)
	}
	return report
}

func nothingIsLeft(f *kvFiles) {
	for _, size := range sizes() {
		for _, other := range sizes() {
			f.put("f", body(size, 1))
			f.wantKeys()
			f.put("f", body(other, 2))
			f.wantKeys()
			f.put("g", body(size, 3))
			if _, err := f.Move(f.Context(), "f", "g"); err != nil {
				f.Fatal(err)
			}
			f.wantKeys()
			if _, err := f.Copy(f.Context(), "g", "f"); err != nil {
				f.Fatal(err)
			}
			f.wantKeys()
		}
		_, err := f.tryPut("f", body(size, 1), file.PutOptions{SHA256: etag([]byte("else"))})
		f.wantErr("Put", err, file.ErrChecksum)
		_, err = f.Put(f.Context(), "f", bytes.NewReader(body(size, 1)), file.PutOptions{If: file.IfNoneMatch("*")})
		f.wantErr("Put", err, file.ErrExists)
		f.wantKeys()
	}
	if report := f.gc(); report != (file.GCReport{}) {
		f.Fatalf("GC: %+v", report)
	}
	for _, name := range []string{"f", "g"} {
		if err := f.Delete(f.Context(), name); err != nil {
			f.Fatal(err)
		}
		f.wantKeys()
	}
}

func lastCloseRemoves(f *kvFiles) {
	f.put("f", body(5000, 1))
	first, last := f.open("f"), f.open("f")
	if err := f.Delete(f.Context(), "f"); err != nil {
		f.Fatal(err)
	}
	if report := f.gc(); report != (file.GCReport{Kept: 1}) {
		f.Fatalf("GC: %+v", report)
	}
	f.wantBody(first, body(5000, 1))
	if err := first.Close(); err != nil {
		f.Fatal(err)
	}
	f.gc()
	f.wantBody(last, body(5000, 1))
	if err := last.Close(); err != nil {
		f.Fatal(err)
	}
	f.wantKeys()
}

func expiredIsCollected(f *kvFiles) {
	f.put("gone", body(5000, 1), file.PutOptions{TTL: time.Second})
	f.put("moved", body(5000, 2), file.PutOptions{TTL: time.Second})
	f.put("replaced", body(5000, 3), file.PutOptions{TTL: time.Second})
	f.put("read", body(5000, 4), file.PutOptions{TTL: time.Second})
	f.put("stays", body(5000, 5), file.PutOptions{TTL: time.Hour})
	h := f.open("read")
	if _, err := f.Move(f.Context(), "moved", "elsewhere"); err != nil {
		f.Fatal(err)
	}
	if report := f.gc(); report != (file.GCReport{}) {
		f.Fatalf("GC before: %+v", report)
	}
	f.clock.Pass(time.Second)
	f.put("replaced", body(1000, 6))
	if report := f.gc(); report != (file.GCReport{Bodies: 3, Chunks: 30, Kept: 1}) {
		f.Fatalf("GC: %+v", report)
	}
	f.wantBody(h, body(5000, 4))
	if err := h.Close(); err != nil {
		f.Fatal(err)
	}
	f.wantKeys()
	f.want("stays", body(5000, 5))
}

// brokenCollection breaks the collection of an expired body at each commit.
func brokenCollection(f *kvFiles) {
	for _, kind := range breakages() {
		for at := 1; ; at++ {
			f.put("stays", body(1500, 1))
			f.put("goes", body(50_000, 1), file.PutOptions{TTL: time.Second})
			f.clock.Pass(time.Second)
			b := &breaker{KV: f.kv, at: at, kind: kind}
			s, err := file.NewKVStorage(b, f.options())
			if err != nil {
				f.Fatal(err)
			}
			_, err = s.GC(f.Context())
			if happened := b.n >= at; happened != (err != nil) {
				f.Fatalf("commit %d %s: %v", at, kind.name, err)
			}
			f.gc()
			f.wantKeys()
			f.want("stays", body(1500, 1))
			if err == nil {
				break
			}
		}
	}
}

// beside returns a storage on the same engine, as another process has it.
func (f *kvFiles) beside(grace time.Duration) *file.KVStorage {
	opts := f.options()
	opts.Grace = grace
	s, err := file.NewKVStorage(f.kv, opts)
	if err != nil {
		f.Fatal(err)
	}
	return s
}

// otherUploads collects while another process is in the middle of an upload.
func otherUploads(f *kvFiles) {
	b := body(5000, 1)
	putMeanwhile := func(meanwhile func()) error {
		half := readerFunc(func([]byte) (int, error) {
			meanwhile()
			return 0, io.EOF
		})
		source := io.MultiReader(bytes.NewReader(b[:3000]), half, bytes.NewReader(b[3000:]))
		_, err := f.Put(f.Context(), "f", source, file.PutOptions{})
		return err
	}
	collect := func(s *file.KVStorage, want file.GCReport) {
		f.Helper()
		if report, err := s.GC(f.Context()); err != nil || report != want {
			f.Fatalf("GC: %+v, %v; want %+v", report, err, want)
		}
	}
	err := putMeanwhile(func() { collect(f.s, file.GCReport{Kept: 1}) })
	if err != nil {
		f.Fatalf("collected by itself: %v", err)
	}
	f.want("f", b)
	if err := f.Delete(f.Context(), "f"); err != nil {
		f.Fatal(err)
	}

	f.clock.Pass(time.Hour)
	err = putMeanwhile(func() {
		f.clock.Pass(time.Minute - 1)
		collect(f.beside(time.Minute), file.GCReport{Kept: 1})
	})
	if err != nil {
		f.Fatalf("within grace: %v", err)
	}
	f.want("f", b)

	err = putMeanwhile(func() {
		f.clock.Pass(time.Minute)
		collect(f.beside(time.Minute), file.GCReport{Uploads: 1, Chunks: 5})
	})
	f.wantErr("Put that was collected", err, file.ErrGone)
	f.want("f", b)
	f.wantKeys()
}

// otherReaders deletes and collects while another process reads.
func otherReaders(f *kvFiles) {
	b := body(5000, 1)
	other := f.beside(time.Minute)
	f.put("f", b)
	h := f.open("f")
	if err := other.Delete(f.Context(), "f"); err != nil {
		f.Fatal(err)
	}
	f.clock.Pass(time.Hour) // since it was put; what counts is when it lost its name
	for range 2 {
		if report, err := other.GC(f.Context()); err != nil || report != (file.GCReport{Kept: 1}) {
			f.Fatalf("GC: %+v, %v", report, err)
		}
		f.clock.Pass(time.Minute - 1)
	}
	f.wantBody(h, b)
	f.clock.Pass(1)
	if _, err := h.Seek(0, io.SeekStart); err != nil {
		f.Fatal(err)
	}
	if report, err := other.GC(f.Context()); err != nil || report != (file.GCReport{Bodies: 1, Chunks: 10}) {
		f.Fatalf("GC: %+v, %v", report, err)
	}
	_, err := io.ReadAll(h)
	f.wantErr("Read of what was collected", err, file.ErrGone)
	h.Close()
	f.wantKeys()
}
