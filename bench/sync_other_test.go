//go:build !linux

package bench

import "os"

// syncData is fdatasync where there is one.
func syncData(f *os.File) error { return f.Sync() }
