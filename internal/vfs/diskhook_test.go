package vfs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

var errInjected = errors.New("injected")

func TestDiskHookSeesEveryCall(t *testing.T) {
	disk := vfs.NewDisk()
	var ops []string
	disk.SetHook(func(op vfs.Op) error {
		ops = append(ops, op.String())
		require.Equal(t, int64(len(ops)), disk.Ops(), "the current call is counted")
		return nil
	})
	require.NoError(t, disk.MakeDir("d"))
	dir := openDisk(t, disk)
	l, err := dir.Lock("LOCK")
	require.NoError(t, err)
	f := create(t, dir, "f", "abc")
	read(t, f, 1, 2)
	size(t, f)
	_, err = f.Reserve(100)
	require.NoError(t, err)
	m, err := f.Map(64, vfs.ReadWrite)
	require.NoError(t, err)
	for _, call := range []func() error{
		func() error { return f.Protect(m) },
		func() error { return f.Unmap(m) },
		func() error { return f.Truncate(2) },
		f.Sync, f.Close, dir.Sync,
		func() error { return dir.Rename("f", "g") },
		func() error { f, err := dir.Open("g", vfs.ReadOnly); return errors.Join(err, f.Close()) },
		func() error { return dir.Remove("g") },
		func() error { _, err := dir.List(); return err },
		l.Close, dir.Close,
	} {
		require.NoError(t, call())
	}
	want := `MakeDir d
OpenDir d
Lock d/LOCK
Create d/f
Write d/f [0, 3)
Read d/f [1, 3)
Size d/f
Reserve d/f 100
Map d/f 64
Protect d/f
Unmap d/f
Truncate d/f 2
FileSync d/f
Close d/f
DirSync d
Rename d/f -> g
Open d/g
Close d/g
Remove d/g
List d
Unlock d/LOCK
DirClose d`
	require.Equal(t, want, strings.Join(ops, "\n"))
}

func TestDiskHookFailsACallWithoutEffect(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", "text")
	m, err := f.Map(4, vfs.ReadOnly)
	require.NoError(t, err)
	before := disk.Clone()
	disk.SetHook(func(vfs.Op) error { return errInjected })

	calls := map[string]func() error{
		"MakeDir":  func() error { return disk.MakeDir("e") },
		"OpenDir":  func() error { _, err := disk.OpenDir("d"); return err },
		"Create":   func() error { _, err := dir.Create("g"); return err },
		"Open":     func() error { _, err := dir.Open("f", vfs.ReadOnly); return err },
		"Rename":   func() error { return dir.Rename("f", "g") },
		"Remove":   func() error { return dir.Remove("f") },
		"List":     func() error { _, err := dir.List(); return err },
		"DirSync":  dir.Sync,
		"Lock":     func() error { _, err := dir.Lock("LOCK"); return err },
		"Read":     func() error { _, err := f.ReadAt(make([]byte, 1), 0); return err },
		"Write":    func() error { _, err := f.WriteAt([]byte("x"), 0); return err },
		"Size":     func() error { _, err := f.Size(); return err },
		"Truncate": func() error { return f.Truncate(1) },
		"FileSync": f.Sync,
		"Reserve":  func() error { _, err := f.Reserve(100); return err },
		"Map":      func() error { _, err := f.Map(4, vfs.ReadOnly); return err },
		"Unmap":    func() error { return f.Unmap(m) },
		"Protect":  func() error { return f.Protect(m) },
	}
	for name, call := range calls {
		require.ErrorIs(t, call(), errInjected, name)
	}
	disk.SetHook(nil)
	require.Equal(t, onDisk(t, before), onDisk(t, disk))
	require.Error(t, errors.Join(func() error { _, err := disk.OpenDir("e"); return err }()), "no directory was made")
	require.NoError(t, f.Unmap(m), "still mapped")
}

func TestDiskFailedCloseLetsGo(t *testing.T) {
	disk, dir := newDisk(t)
	f := create(t, dir, "f", "text")
	l, err := dir.Lock("LOCK")
	require.NoError(t, err)
	disk.SetHook(func(vfs.Op) error { return errInjected })
	require.ErrorIs(t, f.Close(), errInjected)
	require.ErrorIs(t, l.Close(), errInjected)
	disk.SetHook(nil)
	require.Error(t, f.Sync())
	l, err = dir.Lock("LOCK")
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

func TestDiskPartialWrite(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    int
		want string
	}{
		{"nothing", 0, "........"},
		{"half", 3, "..new..."},
		{"all, and still an error", 6, "..newnew"},
		{"more than there is", 99, "..newnew"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			disk, dir := newDisk(t)
			f := create(t, dir, "f", "........")
			disk.SetHook(func(op vfs.Op) error {
				if op.Kind == vfs.OpWrite {
					return &vfs.PartialWrite{N: tt.n, Err: errInjected}
				}
				return nil
			})
			n, err := f.WriteAt([]byte("newnew"), 2)
			require.Equal(t, errInjected, err)
			require.Equal(t, min(tt.n, 6), n)
			require.Equal(t, tt.want, contents(t, dir, "f"))
		})
	}
}

func TestDiskHookMayDrawImages(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", "one")
	var images []string
	disk.SetHook(func(op vfs.Op) error {
		images = append(images, onDisk(t, disk.CrashClone(nil, vfs.DropAll)), onDisk(t, disk.KillClone()))
		return nil
	})
	_, err := f.WriteAt([]byte("two"), 0)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
	require.Equal(t, []string{"f=one", "f=one", "f=one", "f=two", "f=two", "f=two"}, images)
}
