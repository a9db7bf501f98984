package db

import (
	"errors"
	"reflect"
	"slices"
)

// SQLState returns the five characters by which the database has classified
// an error, or "" if there are none: a failure of the network, or SQLite.
//
// The drivers of PostgreSQL tell it by a method, go-sql-driver/mysql by a
// field.
func SQLState(err error) (state string) {
	var stated interface{ SQLState() string }
	if errors.As(err, &stated) {
		return stated.SQLState()
	}
	within(err, func(err error) bool {
		bytes, ok := field(err, "SQLState").([5]byte)
		if ok && bytes != [5]byte{} {
			state = string(bytes[:])
		}
		return state != ""
	})
	return state
}

// sqliteCode returns the result code of SQLite's, or 0. modernc.org/sqlite
// tells it by a method, mattn/go-sqlite3 by a field.
func sqliteCode(err error) (code int) {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	within(err, func(err error) bool {
		if v := reflect.ValueOf(field(err, "Code")); v.Kind() == reflect.Int {
			code = int(v.Int())
		}
		return code != 0
	})
	return code
}

// within calls found with err and what it wraps, until that returns true.
func within(err error, found func(error) bool) bool {
	if err == nil || found(err) {
		return err != nil
	}
	switch e := err.(type) {
	case *Error:
		return within(e.cause, found)
	case interface{ Unwrap() error }:
		return within(e.Unwrap(), found)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), func(err error) bool { return within(err, found) })
	}
	return false
}

// field returns an exported field of an error that is a struct, or a pointer
// to one, or nil.
func field(err error, name string) any {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return nil
	}
	f := v.FieldByName(name)
	if !f.IsValid() || !f.CanInterface() {
		return nil
	}
	return f.Interface()
}
