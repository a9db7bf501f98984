package file_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/file"
	kvstore "github.com/spcent/plumego/store/kv"
)

// subject is a storage that is measured, durable as its default is.
type subject struct {
	name string
	open func(b *testing.B) file.Storage
}

func subjects() []subject {
	return []subject{
		{"kv", func(b *testing.B) file.Storage {
			s, err := kvstore.NewKVStore(kvstore.Options{DataDir: b.TempDir()})
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, s.Close()) })
			files, err := file.NewKVStorage(s.KV(), file.KVOptions{Bulk: s.WithSync(kvstore.SyncNever).KV()})
			require.NoError(b, err)
			return files
		}},
		{"dir", func(b *testing.B) file.Storage {
			files, err := file.NewDirStorage(b.TempDir(), file.DirOptions{})
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, files.Close()) })
			return files
		}},
	}
}

func benchSizes() []int { return []int{4 << 10, 256 << 10, 16 << 20} }

func sizeName(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%dKiB", n>>10)
	}
	return fmt.Sprintf("%dMiB", n>>20)
}

// BenchmarkPut replaces a file, and beside it os.WriteFile with a sync, which
// replaces nothing in one step and promises no name.
func BenchmarkPut(b *testing.B) {
	for _, size := range benchSizes() {
		body := bytes.Repeat([]byte{7}, size)
		for _, s := range subjects() {
			b.Run(sizeName(size)+"/"+s.name, func(b *testing.B) {
				files := s.open(b)
				b.SetBytes(int64(size))
				for b.Loop() {
					_, err := files.Put(b.Context(), "f", bytes.NewReader(body), file.PutOptions{})
					require.NoError(b, err)
				}
			})
		}
		b.Run(sizeName(size)+"/os.WriteFile+fsync", func(b *testing.B) {
			name := filepath.Join(b.TempDir(), "f")
			b.SetBytes(int64(size))
			for b.Loop() {
				require.NoError(b, writeSynced(name, body))
			}
		})
	}
}

func writeSynced(name string, body []byte) error {
	if err := os.WriteFile(name, body, 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// BenchmarkGet reads a file, and beside it os.ReadFile's file without keeping
// it.
func BenchmarkGet(b *testing.B) {
	for _, size := range benchSizes() {
		body := bytes.Repeat([]byte{7}, size)
		for _, s := range subjects() {
			b.Run(sizeName(size)+"/"+s.name, func(b *testing.B) {
				files := s.open(b)
				_, err := files.Put(b.Context(), "f", bytes.NewReader(body), file.PutOptions{})
				require.NoError(b, err)
				b.SetBytes(int64(size))
				for b.Loop() {
					f, err := files.Get(b.Context(), "f")
					require.NoError(b, err)
					drain(b, f, size)
				}
			})
		}
		b.Run(sizeName(size)+"/os.Open", func(b *testing.B) {
			name := filepath.Join(b.TempDir(), "f")
			require.NoError(b, writeSynced(name, body))
			b.SetBytes(int64(size))
			for b.Loop() {
				f, err := os.Open(name)
				require.NoError(b, err)
				drain(b, f, size)
			}
		})
	}
}

// drain reads all of f, by 64 KiB, and closes it.
func drain(b *testing.B, f io.ReadCloser, size int) {
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 64<<10))
	require.NoError(b, err)
	require.EqualValues(b, size, n)
	require.NoError(b, f.Close())
}

// BenchmarkGiB streams 1 GiB in and out, and reports by how much the heap grew:
// what was held, and what garbage there was at most.
func BenchmarkGiB(b *testing.B) {
	const size = 1 << 30
	for _, s := range subjects() {
		b.Run(s.name, func(b *testing.B) {
			files := s.open(b)
			b.SetBytes(2 * size)
			var held, peak int64
			for b.Loop() {
				h, p := stream(b, files, size)
				held, peak = max(held, h), max(peak, p)
			}
			b.ReportMetric(mib(held), "MiB-held")
			b.ReportMetric(mib(peak), "MiB-peak")
			require.Less(b, held, int64(32<<20))
		})
	}
}
