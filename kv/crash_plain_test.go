package kv

import (
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestScriptsOnTheRealDisk plays every script where nothing goes wrong, on
// the operating system's files, through mappings and without. It keeps the
// test disk honest.
func TestScriptsOnTheRealDisk(t *testing.T) {
	for _, s := range scripts() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			playPlain(t, s, vfs.OS{})
		})
		t.Run(s.name+", without mappings", func(t *testing.T) {
			t.Parallel()
			playPlain(t, s, unmappedFS{vfs.OS{}})
		})
	}
}

func playPlain(t *testing.T, s script, fsys vfs.FS) {
	p := newPlayer(t, "plain", s)
	p.disk, p.fs, p.dir = nil, fsys, filepath.Join(t.TempDir(), "store")
	p.run(func() {
		if p.store.engine.closed.Load() {
			return
		}
		got, err := contents(p.store)
		p.must(err)
		if want := p.past.now().visible(p.now); !maps.Equal(got, want) {
			p.fail("holds\n%v\nwant\n%v", got, want)
		}
	})
	p.must(p.open())
	p.must(p.close())
}

// unmappedFS is a file system without mappings.
type unmappedFS struct{ vfs.FS }

func (f unmappedFS) OpenDir(path string) (vfs.Dir, error) {
	d, err := f.FS.OpenDir(path)
	return unmappedDir{d}, err
}

type unmappedDir struct{ vfs.Dir }

func (d unmappedDir) Create(name string) (vfs.File, error) {
	f, err := d.Dir.Create(name)
	return unmappedFile{f}, err
}

func (d unmappedDir) Open(name string, mode vfs.Mode) (vfs.File, error) {
	f, err := d.Dir.Open(name, mode)
	return unmappedFile{f}, err
}

type unmappedFile struct{ vfs.File }

func (unmappedFile) Map(int64, vfs.Mode) ([]byte, error) { return nil, errors.ErrUnsupported }
