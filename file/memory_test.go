package file_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/file"
)

// TestBodiesAreNotHeldInMemory streams 64 MiB in and out. What is held of it
// must be less than half.
func TestBodiesAreNotHeldInMemory(t *testing.T) {
	dir, _ := openDir(t, nil)
	for name, files := range map[string]file.Storage{"kv": newDiskFiles(t), "dir": dir} {
		held, peak := stream(t, files, 64<<20)
		t.Logf("%s: 64 MiB, %.1f MiB held, heap grew by %.1f MiB", name, mib(held), mib(peak))
		require.Less(t, held, int64(32<<20), name)
	}
}

// stream puts and gets a file of that size. It returns by how much the heap has
// grown at most: held after a collection of garbage, peak before it.
func stream(t testing.TB, files file.Storage, size int64) (held, peak int64) {
	m := newMeter()
	_, err := files.Put(t.Context(), "f", m.reader(io.LimitReader(endless{}, size)), file.PutOptions{})
	require.NoError(t, err)
	f, err := files.Get(t.Context(), "f")
	require.NoError(t, err)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, m.reader(f), make([]byte, 64<<10))
	require.NoError(t, err)
	require.Equal(t, size, n)
	require.NoError(t, f.Close())
	return m.held, m.peak
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// meter looks at the heap each time that some bytes have passed, with garbage
// and without. How much garbage there is depends on what else the machine does.
type meter struct {
	start, held, peak int64
	passed            int64
}

const meterEvery = 8 << 20

func newMeter() *meter {
	m := &meter{}
	runtime.GC()
	m.start = heap()
	return m
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (m *meter) reader(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		before := m.passed / meterEvery
		m.passed += int64(n)
		if m.passed/meterEvery > before {
			m.peak = max(m.peak, heap()-m.start)
			runtime.GC()
			m.held = max(m.held, heap()-m.start)
		}
		return n, err
	})
}
