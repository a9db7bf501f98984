package kv

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// imageDir is the directory that images lie in when they are on a disk.
const imageDir = "store"

// image is the files of a store's directory, to be damaged and compared.
type image map[string][]byte

// imageOf copies what a running process would see of a disk.
func imageOf(t testing.TB, d *vfs.Disk) image {
	t.Helper()
	return imageIn(t, d, imageDir)
}

func imageIn(t testing.TB, d *vfs.Disk, dir string) image {
	t.Helper()
	names, err := d.Names(dir)
	require.NoError(t, err)
	im := image{}
	for _, name := range names {
		im[name], err = d.ReadFile(dir, name)
		require.NoError(t, err)
	}
	return im
}

// newDisk returns a disk that has an empty directory.
func newDisk(t testing.TB) *vfs.Disk {
	t.Helper()
	d := vfs.NewDisk()
	require.NoError(t, d.MakeDir(imageDir))
	return d
}

// disk returns a disk with these files, all of them durable.
func (im image) disk(t testing.TB) *vfs.Disk {
	t.Helper()
	d := newDisk(t)
	for name, data := range im {
		require.NoError(t, d.WriteFile(imageDir, name, data))
	}
	return d
}

// with returns the image with one file more, or changed.
func (im image) with(name string, data []byte) image {
	im = maps.Clone(im)
	im[name] = data
	return im
}

// without returns the image with one file less.
func (im image) without(name string) image {
	im = maps.Clone(im)
	delete(im, name)
	return im
}

// withoutCaches returns the image without the files that only save time.
func (im image) withoutCaches() image {
	im = maps.Clone(im)
	maps.DeleteFunc(im, func(name string, _ []byte) bool { return isCache(name) })
	return im
}

// filesOf copies the files of a store that is opened with these options.
func filesOf(t testing.TB, opts Options) image {
	t.Helper()
	if d, ok := opts.fs.(*vfs.Disk); ok {
		return imageIn(t, d, opts.DataDir)
	}
	return readAll(t, opts.DataDir)
}

// mustOpenAgain opens a store that was closed or killed. Close saves the index,
// so who opens the store sees that, and not what the log says: the log alone is
// asked too, in a copy, and must say the same. The clock must stand still
// meanwhile.
func mustOpenAgain(t testing.TB, opts Options) *KVStore {
	t.Helper()
	files := filesOf(t, opts)
	s := mustOpen(t, opts)
	requireReplayed(t, s, files, opts)
	return s
}

// requireReplayed opens a copy of a store's files without the caches, and
// wants to see what the store shows.
func requireReplayed(t testing.TB, s *KVStore, files image, opts Options) {
	t.Helper()
	opts.DataDir, opts.fs = imageDir, files.withoutCaches().disk(t)
	opts.later, opts.pause = atOnce, nil
	copied := mustOpen(t, opts)
	require.False(t, copied.engine.recovery.IndexLoaded)
	require.Equal(t, linesOf(t, s), linesOf(t, copied), "by the log alone")
	require.NoError(t, copied.Close())
}

// linesOf tells all of a store, versions included.
func linesOf(t testing.TB, s *KVStore) (all []string) {
	t.Helper()
	for item, err := range s.Scan("") {
		require.NoError(t, err)
		all = append(all, fmt.Sprintf("%q, version %d, until %d: %q", item.Key, item.Version, asDeadline(item.Deadline), item.Value))
	}
	return all
}

// isCache reports whether a file only saves time: it may be missing or
// anything, and nobody may mind.
func isCache(name string) bool {
	_, hint := segment.ParseHintName(name)
	return hint || name == segment.IndexName
}

func (im image) names() []string { return slices.Sorted(maps.Keys(im)) }

func (im image) bytes() (n int) {
	for _, data := range im {
		n += len(data)
	}
	return n
}

// differs returns the name of a file that is not the same in both, or "".
func (im image) differs(other image) string {
	for _, name := range append(im.names(), other.names()...) {
		a, inA := im[name]
		b, inB := other[name]
		if inA != inB || !bytes.Equal(a, b) {
			return name
		}
	}
	return ""
}
