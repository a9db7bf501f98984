package vfs_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

func TestMem(t *testing.T) {
	testFS(t, vfs.NewMem(), "anywhere/at/all")
}

func openMem(t *testing.T) vfs.Dir {
	t.Helper()
	m := vfs.NewMem()
	require.NoError(t, m.MakeDir("d"))
	d, err := m.OpenDir("d")
	require.NoError(t, err)
	return d
}

func TestMemMappingNeverMoves(t *testing.T) {
	f := create(t, openMem(t), "f", "start")
	m, err := f.Map(1<<20, vfs.ReadWrite)
	require.NoError(t, err)
	for n := int64(1); n <= 1<<20; n *= 4 {
		_, err := f.Reserve(n)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte{byte(n % 251)}, n-1)
		require.NoError(t, err)
		require.Equal(t, byte(n%251), m[n-1], "at length %d", n)
	}
	again, err := f.Map(1<<10, vfs.ReadOnly)
	require.NoError(t, err)
	require.True(t, unsafe.SliceData(again) == unsafe.SliceData(m), "a second mapping is the same memory")

	t.Run("a mapped file refuses to outgrow its mapping", func(t *testing.T) {
		_, err := f.WriteAt([]byte("x"), 1<<20)
		require.ErrorContains(t, err, "beyond its mapping")
		_, err = f.Reserve(1<<20 + 1)
		require.ErrorContains(t, err, "beyond its mapping")
		_, err = f.Map(1<<21, vfs.ReadOnly)
		require.ErrorContains(t, err, "beyond its mapping")
		require.Equal(t, int64(1<<20), size(t, f))
	})
	t.Run("and may once the last mapping is gone", func(t *testing.T) {
		require.NoError(t, f.Unmap(again))
		_, err := f.WriteAt([]byte("x"), 1<<20)
		require.Error(t, err)
		require.NoError(t, f.Unmap(m))
		_, err = f.WriteAt([]byte("x"), 1<<20)
		require.NoError(t, err)
		require.Error(t, f.Unmap(m), "unmapped twice")
	})
}

func TestMemReservesFarAhead(t *testing.T) {
	f := create(t, openMem(t), "f", "")
	m, err := f.Map(1<<28, vfs.ReadWrite)
	require.NoError(t, err)
	p, err := f.Reserve(1 << 28)
	require.NoError(t, err)
	require.Equal(t, vfs.ByMapping, p)
	require.NoError(t, f.Truncate(10))
	require.Equal(t, byte(0), m[0])
	require.NoError(t, f.Unmap(m))
}

func TestMemAppendIsLinear(t *testing.T) {
	f := create(t, openMem(t), "f", "")
	piece := make([]byte, 100)
	allocs := testing.AllocsPerRun(1, func() {
		for i := range int64(10_000) {
			if _, err := f.WriteAt(piece, i*100); err != nil {
				t.Fatal(err)
			}
		}
	})
	require.Less(t, allocs, 100.0)
}
