package vfs

import (
	"errors"
	"math/bits"
	"os"
	"syscall"
)

// allocate extends the file to size. It also fills the holes that a file
// from elsewhere may have below: a copy of a store made by cp or tar can be
// sparse, and a store through a mapping of a hole faults on a full disk.
func (f *osFile) allocate(old, size int64) (Placement, error) {
	size = max(size, old)
	if f.held < size {
		err := control(f.f, func(fd int) error {
			return syscall.Fallocate(fd, 0, f.held, size-f.held)
		})
		if cannotAllocate(err) {
			return ByCall, f.writeZeros(old, size)
		}
		if err != nil {
			return ByCall, fail("fallocate", f.f.Name(), err)
		}
		f.held = size
	}
	return placementOf(f.f), nil
}

func cannotAllocate(err error) bool {
	return errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EINVAL)
}

// The file systems whose fallocate takes real blocks that a later store
// writes in place. btrfs, zfs and overlays copy on write.
const (
	magicExt   = 0xEF53 // ext2, ext3 and ext4
	magicXFS   = 0x58465342
	magicTmpfs = 0x01021994
)

// placementOf tells what allocated blocks are worth. On 32 bits the address
// space is too small for mappings.
func placementOf(f *os.File) Placement {
	if bits.UintSize < 64 {
		return ByCall
	}
	var st syscall.Statfs_t
	if err := control(f, func(fd int) error { return syscall.Fstatfs(fd, &st) }); err != nil {
		return ByCall
	}
	switch uint32(st.Type) {
	case magicExt, magicXFS, magicTmpfs:
		return ByMapping
	default:
		return ByCall
	}
}
