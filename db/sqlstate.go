package db

import (
	"errors"
	"reflect"
)

// SQLState returns the five characters by which the database has classified
// an error, or "" if there are none: a failure of the network, or SQLite.
//
// The drivers of PostgreSQL tell it by a method, go-sql-driver/mysql by a
// field.
func SQLState(err error) string {
	var stated interface{ SQLState() string }
	if errors.As(err, &stated) {
		return stated.SQLState()
	}
	if e, ok := err.(*Error); ok {
		return SQLState(e.cause)
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if state, ok := field(err, "SQLState").([5]byte); ok && state != [5]byte{} {
			return string(state[:])
		}
	}
	return ""
}

// field returns an exported field of an error that is a pointer to a struct,
// or nil.
func field(err error, name string) any {
	v := reflect.ValueOf(err)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	f := v.Elem().FieldByName(name)
	if !f.IsValid() || !f.CanInterface() {
		return nil
	}
	return f.Interface()
}
