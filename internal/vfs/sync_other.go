//go:build !linux

package vfs

import "os"

// syncFile waits for the device: on darwin os.File.Sync is F_FULLFSYNC.
func syncFile(f *os.File) error { return f.Sync() }
