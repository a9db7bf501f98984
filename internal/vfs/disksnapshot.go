package vfs

// snapshot returns a copy of the live bytes, mapped stores included.
func (b *blob) snapshot() []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	dst := make([]byte, len(b.data))
	copyUnseen(dst, b.data)
	return dst
}

// copyUnseen copies src, which another goroutine may be storing into through
// a mapping: a kernel that writes a page back reads it just so. The race
// detector must not see these reads; the copy builtin would show them to it.
//
//go:norace
func copyUnseen(dst, src []byte) {
	const step = 64
	i := 0
	for ; i+step <= len(src); i += step {
		*(*[step]byte)(dst[i:]) = *(*[step]byte)(src[i:])
	}
	for ; i < len(src); i++ {
		dst[i] = src[i]
	}
}
