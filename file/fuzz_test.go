package file

import (
	"bytes"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzManifest reads any bytes as a manifest, sealed and not. What is read is
// written again as what it was, or something that reads the same.
func FuzzManifest(f *testing.F) {
	m := manifest{size: 3, modified: time.Unix(1, 2), contentType: "a/b", metadata: map[string]string{"k": "v", "l": ""}, inline: []byte("abc")}
	f.Add(m.encode()[:len(m.encode())-4])
	m = manifest{size: 1000, chunkSize: 10, id: bodyID{1, 2}}
	f.Add(m.encode()[:len(m.encode())-4])
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := decodeManifest(b); err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
		}
		m, err := decodeManifest((&writer{buf: bytes.Clone(b)}).sealed())
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
			return
		}
		again, err := decodeManifest(m.encode())
		require.NoError(t, err)
		require.True(t, maps.Equal(m.metadata, again.metadata))
		require.True(t, m.modified.Equal(again.modified))
		m.metadata, again.metadata, m.modified, again.modified = nil, nil, time.Time{}, time.Time{}
		m.inline, again.inline = bytes.Clone(m.inline), bytes.Clone(again.inline)
		require.Equal(t, m, again)
		_ = m.isWhole()
	})
}

// FuzzBodyRecord is FuzzManifest for body records.
func FuzzBodyRecord(f *testing.F) {
	b := bodyRecord{attached, 7, time.Unix(1, 2), "a/b"}.encode()
	f.Add(b[:len(b)-4])
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := decodeBody(b); err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
		}
		record, err := decodeBody((&writer{buf: bytes.Clone(b)}).sealed())
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
			return
		}
		again, err := decodeBody(record.encode())
		require.NoError(t, err)
		require.Equal(t, record, again)
	})
}

// FuzzPath: what is taken as a name is a path of io/fs, text, and bounded.
func FuzzPath(f *testing.F) {
	for _, name := range []string{"a/b", "..", "a/../b", "/", "", ".", "a\x00", "\xff", `a\b`} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if err := checkPath(name); err != nil {
			require.Equal(t, ErrInvalidPath, err)
			return
		}
		require.True(t, fs.ValidPath(name) && name != "." && utf8.ValidString(name))
		require.False(t, strings.Contains(name, "\x00"))
		require.LessOrEqual(t, len(name), MaxPath)
	})
}

// TestEveryFlippedBitIsSeen flips each bit of a manifest and of a body record.
func TestEveryFlippedBitIsSeen(t *testing.T) {
	m := manifest{size: 3, modified: time.Unix(1, 2), contentType: "a/b", metadata: map[string]string{"k": "v"}, inline: []byte("abc")}
	for i, b := 0, m.encode(); i < 8*len(b); i++ {
		b[i/8] ^= 1 << (i % 8)
		_, err := decodeManifest(b)
		require.ErrorIs(t, err, ErrCorrupt)
		b[i/8] ^= 1 << (i % 8)
	}
	for i, b := 0, (bodyRecord{uploading, 1, time.Unix(1, 2), "a"}).encode(); i < 8*len(b); i++ {
		b[i/8] ^= 1 << (i % 8)
		_, err := decodeBody(b)
		require.ErrorIs(t, err, ErrCorrupt)
		b[i/8] ^= 1 << (i % 8)
	}
}
