//go:build !unix && !windows

package vfs

import (
	"io/fs"
	"os"
)

// links cannot be counted here.
func links(*os.File, fs.FileInfo) (uint64, error) { return 1, nil }

// syncDir does nothing: these platforms cannot sync a directory.
func syncDir(*os.File) error { return nil }

func isNoSpace(error) bool { return false }

func isReadOnly(error) bool { return false }

func isNotDir(error) bool { return false }
