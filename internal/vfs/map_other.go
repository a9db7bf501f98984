//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd

package vfs

import (
	"errors"
	"os"
)

func mapFile(*os.File, int, Mode) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapFile([]byte) error { return errors.ErrUnsupported }

func protectFile([]byte) error { return errors.ErrUnsupported }
