package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
)

// powerDisk is a disk in memory that knows what a loss of power would leave: of
// a file the bytes that were synced, of a directory the names. It fails on
// demand, and writes down the order of calls.
type powerDisk struct {
	dirs  map[string]*powerDir
	calls []string
	at    int   // the call that fails, and all after it; 0: none
	once  error // the call that fails does so with this, and none after it
}

// powerDir has the names of a directory, now and as they were synced.
type powerDir struct{ now, synced map[string]*inode }

// inode is a file, or a directory if data are nil.
type inode struct {
	data   *bytes.Buffer
	synced int // bytes
}

var errPower = errors.New("the power is gone")

func newPowerDisk() *powerDisk {
	return &powerDisk{dirs: map[string]*powerDir{".": {map[string]*inode{}, map[string]*inode{}}}}
}

func (d *powerDisk) call(format string, args ...any) error {
	if d.once == nil && d.at > 0 && len(d.calls)+1 >= d.at {
		return errPower
	}
	d.calls = append(d.calls, fmt.Sprintf(format, args...))
	if len(d.calls) == d.at {
		return d.once
	}
	return nil
}

// kindOf turns a name into what kind of name it is.
func kindOf(name string) string {
	if strings.HasPrefix(path.Base(name), tempMark) {
		return "temp"
	}
	return name
}

func (d *powerDisk) find(name string) (*powerDir, *inode, error) {
	dir, ok := d.dirs[path.Dir(name)]
	if !ok {
		return nil, nil, fs.ErrNotExist
	}
	return dir, dir.now[path.Base(name)], nil
}

func (d *powerDisk) create(name string) (diskFile, error) {
	if err := d.call("create %s", kindOf(name)); err != nil {
		return nil, err
	}
	dir, _, err := d.find(name)
	if err != nil {
		return nil, err
	}
	node := &inode{data: &bytes.Buffer{}}
	dir.now[path.Base(name)] = node
	return &powerFile{d, name, node}, nil
}

func (d *powerDisk) open(name string) (diskFile, error) {
	_, node, err := d.find(name)
	if err != nil || node == nil {
		return nil, fs.ErrNotExist
	}
	return &powerFile{d, name, node}, nil
}

func (d *powerDisk) rename(from, to string) error {
	if err := d.call("rename %s %s", kindOf(from), to); err != nil {
		return err
	}
	source, node, err := d.find(from)
	if err != nil || node == nil {
		return fs.ErrNotExist
	}
	target, _, err := d.find(to)
	if err != nil {
		return err
	}
	delete(source.now, path.Base(from))
	target.now[path.Base(to)] = node
	return nil
}

func (d *powerDisk) remove(name string) error {
	if err := d.call("remove %s", kindOf(name)); err != nil {
		return err
	}
	dir, node, err := d.find(name)
	if err != nil || node == nil {
		return fs.ErrNotExist
	}
	delete(dir.now, path.Base(name))
	return nil
}

func (d *powerDisk) mkdir(name string) error {
	if err := d.call("mkdir"); err != nil {
		return err
	}
	parent, node, err := d.find(name)
	switch {
	case err != nil:
		return err
	case node != nil:
		return fs.ErrExist
	}
	parent.now[path.Base(name)] = &inode{}
	d.dirs[name] = &powerDir{map[string]*inode{}, map[string]*inode{}}
	return nil
}

func (d *powerDisk) list(name string) (entries []fs.DirEntry, err error) {
	dir, ok := d.dirs[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	for base, node := range dir.now {
		entries = append(entries, fs.FileInfoToDirEntry(info{name: base, isDir: node.data == nil}))
	}
	return entries, nil
}

func (d *powerDisk) syncDir(name string) error {
	if err := d.call("syncdir %s", map[bool]string{true: ".", false: "below"}[name == "."]); err != nil {
		return err
	}
	dir, ok := d.dirs[name]
	if !ok {
		return fs.ErrNotExist
	}
	dir.synced = clone(dir.now)
	return nil
}

func (d *powerDisk) close() error { return nil }

func clone(m map[string]*inode) map[string]*inode {
	c := map[string]*inode{}
	for name, node := range m {
		c[name] = node
	}
	return c
}

// powerFile is an open file of a powerDisk.
type powerFile struct {
	d    *powerDisk
	name string
	node *inode
}

func (f *powerFile) Write(p []byte) (int, error) {
	if err := f.d.call("write"); err != nil {
		return 0, err
	}
	return f.node.data.Write(p)
}

func (f *powerFile) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(f.node.data.Bytes()).ReadAt(p, off)
}

func (f *powerFile) Stat() (fs.FileInfo, error) { return info{size: int64(f.node.data.Len())}, nil }
func (f *powerFile) Close() error               { return nil }

func (f *powerFile) Sync() error {
	if err := f.d.call("sync"); err != nil {
		return err
	}
	f.node.synced = f.node.data.Len()
	return nil
}

// directories says what a loss of power leaves of directories.
type directories int

const (
	asSynced directories = iota // the names of the last sync
	asTheyAre
)

// loss returns the disk after a loss of power: what was not synced of a file is
// gone.
func (d *powerDisk) loss(kind directories) *powerDisk {
	after := &powerDisk{dirs: map[string]*powerDir{}}
	after.keep(d, ".", kind)
	return after
}

func (d *powerDisk) keep(from *powerDisk, name string, kind directories) {
	source := from.dirs[name]
	names := source.synced
	if kind == asTheyAre {
		names = source.now
	}
	kept := map[string]*inode{}
	for base, node := range names {
		if node.data == nil {
			d.keep(from, path.Join(name, base), kind)
			kept[base] = node
			continue
		}
		data := bytes.Clone(node.data.Bytes()[:node.synced])
		kept[base] = &inode{bytes.NewBuffer(data), len(data)}
	}
	d.dirs[name] = &powerDir{kept, clone(kept)}
}

func (d *powerDisk) storage() *DirStorage {
	return newDirStorage(d, DirOptions{Now: func() time.Time { return time.Unix(1e9, 0) }})
}

// powerDeed changes the files short and long.
type powerDeed struct {
	name  string
	run   func(t *testing.T, s *DirStorage) error
	after map[string]string
}

var powerLong = strings.Repeat("long/", 100) + "name"

func powerDeeds() []powerDeed {
	put := func(name, body string) func(*testing.T, *DirStorage) error {
		return func(t *testing.T, s *DirStorage) error {
			_, err := s.Put(t.Context(), name, strings.NewReader(body), PutOptions{})
			return err
		}
	}
	move := func(from, to string) func(*testing.T, *DirStorage) error {
		return func(t *testing.T, s *DirStorage) error {
			_, err := s.Move(t.Context(), from, to)
			return err
		}
	}
	return []powerDeed{
		{"put", put("new", "1"), map[string]string{"a": "A", "b": "B", "new": "1"}},
		{"put under a long name", put(powerLong, "1"), map[string]string{"a": "A", "b": "B", powerLong: "1"}},
		{"replace", put("a", "2"), map[string]string{"a": "2", "b": "B"}},
		{"delete", func(t *testing.T, s *DirStorage) error { return s.Delete(t.Context(), "a") }, map[string]string{"b": "B"}},
		{"copy", func(t *testing.T, s *DirStorage) error {
			_, err := s.Copy(t.Context(), "a", "c")
			return err
		}, map[string]string{"a": "A", "b": "B", "c": "A"}},
		{"move", move("a", "c"), map[string]string{"b": "B", "c": "A"}},
		{"move to another", move("a", "b"), map[string]string{"b": "A"}},
		{"move to a long name", move("a", powerLong), map[string]string{"b": "B", powerLong: "A"}},
	}
}

// TestLossOfPowerInADirectory lets the power go at each call of each deed, with
// directories as synced or as they are. What is found is before or after; and
// after, if the deed had said so.
func TestLossOfPowerInADirectory(t *testing.T) {
	losses := 0
	before := map[string]string{"a": "A", "b": "B"}
	for _, deed := range powerDeeds() {
		for at := 1; ; at++ {
			d := newPowerDisk()
			for name, body := range before {
				_, err := d.storage().Put(t.Context(), name, strings.NewReader(body), PutOptions{})
				require.NoError(t, err)
			}
			d.calls, d.at = nil, at
			err := deed.run(t, d.storage())
			if err != nil {
				require.ErrorIs(t, err, errPower)
			}
			for _, kind := range []directories{asSynced, asTheyAre} {
				losses++
				got := contents(t, d.loss(kind))
				where := fmt.Sprintf("%s, call %d, directories %d: %v", deed.name, at, kind, d.calls)
				if err == nil || fmt.Sprint(got) != fmt.Sprint(before) {
					require.Equal(t, deed.after, got, where)
				}
			}
			if err == nil {
				break
			}
		}
	}
	t.Logf("%d losses of power", losses)
}

// TestOneCallFailsInADirectory fails each call of each deed once. What is found
// is before or after, nothing is left over that is not collected, and the error
// is named.
func TestOneCallFailsInADirectory(t *testing.T) {
	before := map[string]string{"a": "A", "b": "B"}
	full := &fs.PathError{Op: "write", Path: "s3cr3t", Err: syscall.ENOSPC}
	failures := 0
	for _, deed := range powerDeeds() {
		for at := 1; ; at++ {
			d := newPowerDisk()
			for name, body := range before {
				_, err := d.storage().Put(t.Context(), name, strings.NewReader(body), PutOptions{})
				require.NoError(t, err)
			}
			d.calls, d.at, d.once = nil, at, full
			err := deed.run(t, d.storage())
			happened := len(d.calls) >= at
			d.at = 0
			got := contents(t, d)
			if err == nil || fmt.Sprint(got) != fmt.Sprint(before) {
				require.Equal(t, deed.after, got, "%s, call %d: %v", deed.name, at, d.calls)
			}
			if !happened {
				require.NoError(t, err)
				break
			}
			failures++
			if err != nil {
				require.NotContains(t, err.Error(), "s3cr3t")
				if runtime.GOOS != "windows" {
					require.ErrorIs(t, err, ErrNoSpace)
					require.ErrorIs(t, err, store.ErrNoSpace)
					require.ErrorIs(t, err, syscall.ENOSPC)
				}
			}
		}
	}
	t.Logf("%d failures", failures)
}

// contents reads all files, after garbage collection, which must leave nothing
// else.
func contents(t *testing.T, d *powerDisk) map[string]string {
	s := d.storage()
	_, err := s.GC(t.Context())
	require.NoError(t, err)
	for base := range d.dirs["."].now {
		require.Equal(t, base, kindOf(base), "a temporary file is left")
	}
	files := map[string]string{}
	page, err := s.List(t.Context(), ListOptions{})
	require.NoError(t, err)
	require.Empty(t, page.Damaged)
	for _, stat := range page.Files {
		require.NoError(t, Verify(t.Context(), s, stat.Path))
		f, err := s.Get(t.Context(), stat.Path)
		require.NoError(t, err)
		b, err := io.ReadAll(f)
		require.NoError(t, err)
		files[stat.Path] = string(b)
	}
	return files
}

// TestOrderOfCallsInADirectory: a file is synced before it gets its name, and
// the directory behind that, up to the root.
func TestOrderOfCallsInADirectory(t *testing.T) {
	for _, c := range []struct {
		deed func(s *DirStorage) error
		want []string
	}{
		{func(s *DirStorage) error {
			_, err := s.Put(t.Context(), "a", strings.NewReader("body"), PutOptions{})
			return err
		}, []string{"create temp", "write", "write", "sync", "rename temp =a=", "syncdir ."}},
		{func(s *DirStorage) error { _, err := s.Move(t.Context(), "a", "b"); return err },
			[]string{"rename =a= =b=", "syncdir ."}},
		{func(s *DirStorage) error { return s.Delete(t.Context(), "b") },
			[]string{"remove =b=", "syncdir ."}},
		{func(s *DirStorage) error { return s.Delete(t.Context(), "b") },
			[]string{"remove =b=", "syncdir ."}},
	} {
		d := newPowerDisk()
		if c.want[0] != "create temp" {
			for _, name := range []string{"a", "b"} {
				_, err := d.storage().Put(t.Context(), name, strings.NewReader("x"), PutOptions{})
				require.NoError(t, err)
			}
			d.calls = nil
		}
		require.NoError(t, c.deed(d.storage()))
		require.Equal(t, c.want, d.calls)
	}
	d := newPowerDisk()
	_, err := d.storage().Put(t.Context(), powerLong, strings.NewReader("x"), PutOptions{})
	require.NoError(t, err)
	i := slices.Index(d.calls, "sync")
	require.Equal(t, []string{"sync", "mkdir", "mkdir", "syncdir below", "syncdir below", "syncdir ."},
		slices.DeleteFunc(d.calls[i:], func(call string) bool { return strings.HasPrefix(call, "rename") }))
}
