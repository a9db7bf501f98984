package segment

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// ErrFault says that the memory behind a mapped file could not be reached:
// the device failed, or somebody else cut the file short.
var ErrFault = errors.New("fault in a mapped file")

// catchFault turns a fault in a mapping into *err. Use it as
//
//	defer catchFault(&err, debug.SetPanicOnFault(true))
//
// around code that touches mapped bytes; it restores the former setting.
// Any other panic goes on.
func catchFault(err *error, former bool) {
	debug.SetPanicOnFault(former)
	switch p := recover().(type) {
	case nil:
	case interface {
		runtime.Error
		Addr() uintptr
	}:
		*err = fmt.Errorf("%w: %v", ErrFault, p)
	default:
		panic(p)
	}
}
