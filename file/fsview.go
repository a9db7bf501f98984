package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// FS shows a storage as a file system that can be read: for http.FileServerFS,
// template.ParseFS, fs.WalkDir. Directories are there as long as there are
// files in them. Of a file "a" and files in "a/" the view shows only the
// directory. Damaged files are listed, with no size, and cannot be opened.
//
// To open a name is to list whether it is a directory, which reads all names of a
// DirStorage: who has many files there and knows their names uses Get.
//
// ctx is for everything that is done through the view. Errors are an
// *fs.PathError, as io/fs wants, and so contain the name.
func FS(ctx context.Context, s Storage) fs.FS { return &view{ctx, s} }

type view struct {
	ctx context.Context
	s   Storage
}

var (
	_ fs.StatFS    = (*view)(nil)
	_ fs.ReadDirFS = (*view)(nil)
)

// Open implements fs.FS. Files are an io.Seeker and io.ReaderAt too.
func (v *view) Open(name string) (fs.File, error) {
	isDir, err := v.isDir(name)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	if isDir {
		return &viewDir{view: v, name: name}, nil
	}
	f, err := v.s.Get(v.ctx, name)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return viewFile{f}, nil
}

// Stat implements fs.StatFS.
func (v *view) Stat(name string) (fs.FileInfo, error) {
	isDir, err := v.isDir(name)
	switch {
	case err != nil:
		return nil, pathError("stat", name, err)
	case isDir:
		return dirInfo(name), nil
	}
	stat, err := v.s.Stat(v.ctx, name)
	if err != nil {
		return nil, pathError("stat", name, err)
	}
	return fileInfo(stat), nil
}

// ReadDir implements fs.ReadDirFS.
func (v *view) ReadDir(name string) ([]fs.DirEntry, error) {
	isDir, err := v.isDir(name)
	if err == nil && !isDir {
		if _, err = v.s.Stat(v.ctx, name); err == nil {
			err = errors.New("not a directory")
		}
	}
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	entries, err := v.entries(name)
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	return entries, nil
}

// isDir reports whether there is anything in a directory of that name.
func (v *view) isDir(name string) (bool, error) {
	if !fs.ValidPath(name) {
		return false, fs.ErrInvalid
	}
	if name == "." {
		return true, v.ctx.Err()
	}
	page, err := v.s.List(v.ctx, ListOptions{Prefix: name + "/", Limit: 1})
	return len(page.Files)+len(page.Damaged) > 0, err
}

// entries returns what is in a directory, in order of names.
func (v *view) entries(name string) ([]fs.DirEntry, error) {
	opts := ListOptions{Prefix: name + "/", Delimiter: "/"}
	if name == "." {
		opts.Prefix = ""
	}
	byName := map[string]info{}
	for {
		page, err := v.s.List(v.ctx, opts)
		if err != nil {
			return nil, err
		}
		for _, stat := range page.Files {
			add(byName, fileInfo(stat))
		}
		for _, damaged := range page.Damaged {
			add(byName, fileInfo(FileStat{Path: damaged}))
		}
		for _, dir := range page.Prefixes {
			add(byName, dirInfo(strings.TrimSuffix(dir, "/")))
		}
		if opts.Token = page.Next; opts.Token == "" {
			return sorted(byName), nil
		}
	}
}

// add adds an entry, unless there is a directory of that name.
func add(byName map[string]info, i info) {
	if !byName[i.name].isDir {
		byName[i.name] = i
	}
}

func sorted(byName map[string]info) []fs.DirEntry {
	entries := make([]fs.DirEntry, 0, len(byName))
	for _, i := range byName {
		entries = append(entries, fs.FileInfoToDirEntry(i))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries
}

// pathError has the cause without our own *Error around it.
func pathError(op, name string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		err = known.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// viewFile is a file of a view.
type viewFile struct{ File }

// Stat implements fs.File.
func (f viewFile) Stat() (fs.FileInfo, error) { return fileInfo(f.File.Stat()), nil }

// viewDir is a directory of a view.
type viewDir struct {
	view   *view
	name   string
	rest   []fs.DirEntry // still to be read
	isRead bool          // rest was filled
	closed bool
}

var _ fs.ReadDirFile = (*viewDir)(nil)

// Stat implements fs.File.
func (d *viewDir) Stat() (fs.FileInfo, error) { return dirInfo(d.name), d.check("stat") }

// Read implements fs.File: there is nothing to read.
func (d *viewDir) Read([]byte) (int, error) {
	if err := d.check("read"); err != nil {
		return 0, err
	}
	return 0, pathError("read", d.name, errors.New("is a directory"))
}

// Close implements fs.File.
func (d *viewDir) Close() error {
	err := d.check("close")
	d.closed = true
	return err
}

// ReadDir implements fs.ReadDirFile.
func (d *viewDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if err := d.check("readdir"); err != nil {
		return nil, err
	}
	if !d.isRead {
		entries, err := d.view.entries(d.name)
		if err != nil {
			return nil, pathError("readdir", d.name, err)
		}
		d.rest, d.isRead = entries, true
	}
	if n > 0 && len(d.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.rest) {
		n = len(d.rest)
	}
	entries := d.rest[:n:n]
	d.rest = d.rest[n:]
	return entries, nil
}

func (d *viewDir) check(op string) error {
	if d.closed {
		return pathError(op, d.name, fs.ErrClosed)
	}
	return nil
}

// info is an fs.FileInfo.
type info struct {
	name     string
	size     int64
	modified time.Time
	isDir    bool
	stat     any // *FileStat, for Sys
}

func fileInfo(stat FileStat) info {
	return info{name: path.Base(stat.Path), size: stat.Size, modified: stat.Modified, stat: &stat}
}

func dirInfo(name string) info { return info{name: path.Base(name), isDir: true} }

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return i.modified }
func (i info) IsDir() bool        { return i.isDir }
func (i info) Sys() any           { return i.stat } // the *FileStat of a file

// Mode says that all may be read and nothing written.
func (i info) Mode() fs.FileMode {
	if i.isDir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
