package segment

import "github.com/spcent/plumego/store/internal/vfs"

// patientFile reads around bytes that cannot be read: they come as zeros,
// which are no record, and are remembered.
type patientFile struct {
	vfs.File
	unread []span
}

// span is the bytes [from, to) of a file.
type span struct{ from, to int64 }

// piece is the least that a device is asked for when it fails, in bytes.
const piece = 4 << 10

// ReadAt fills p and never fails.
func (f *patientFile) ReadAt(p []byte, off int64) (int, error) {
	if _, err := f.File.ReadAt(p, off); err == nil {
		return len(p), nil
	}
	for i := 0; i < len(p); i += piece {
		part := p[i:min(i+piece, len(p))]
		n, err := f.File.ReadAt(part, off+int64(i))
		if err != nil {
			clear(part[n:])
			f.unread = append(f.unread, span{off + int64(i+n), off + int64(i+len(part))})
		}
	}
	return len(p), nil
}

// missed reports whether any of the bytes [from, to) could not be read.
func (f *patientFile) missed(from, to int64) bool {
	for _, s := range f.unread {
		if s.from < to && from < s.to {
			return true
		}
	}
	return false
}
