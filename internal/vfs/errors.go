package vfs

import (
	"io"
	"io/fs"
	"math"
	"strings"
)

// fail says which deed on which name met err.
func fail(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// checkName refuses names that are not flat.
func checkName(op, name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
		return fail(op, name, fs.ErrInvalid)
	}
	return nil
}

// checkMap refuses lengths that cannot be a slice.
func checkMap(name string, length int64) error {
	if length <= 0 || length > math.MaxInt {
		return fail("map", name, fs.ErrInvalid)
	}
	return nil
}

// alias is an error with a second identity: it reads like the first and is
// both for errors.Is and errors.As.
type alias struct {
	error
	also error
}

// Unwrap returns both.
func (a alias) Unwrap() []error { return []error{a.error, a.also} }

// translate makes an error of the operating system answer to the names that
// package vfs has for it.
func translate(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case isNoSpace(err):
		return alias{err, ErrNoSpace}
	case isReadOnly(err):
		return alias{err, fs.ErrPermission}
	case isNotDir(err):
		return alias{err, ErrNotDir}
	}
	return err
}
