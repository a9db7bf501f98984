//go:build !linux

package vfs

// allocate extends the file to size.
func (f *osFile) allocate(old, size int64) (Placement, error) {
	return ByCall, f.writeZeros(old, size)
}
