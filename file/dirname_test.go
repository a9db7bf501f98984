package file

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDiskNames(t *testing.T) {
	for name, want := range map[string]string{
		"photos/Cat.jpg": "=photos,%43at.jpg=",
		"a,b":            "=a%2Cb=",
		"nul.txt":        "=nul.txt=",
		"..a":            "=..a=",
		"~":              "=%7E=",
		"é":              "=%C3%A9=",
	} {
		require.Equal(t, want, diskName(name))
	}
}

// FuzzDiskName: the name on disk of a file stays below the directory, is taken
// by every system, and leads back; what does not lead back is nobody's.
func FuzzDiskName(f *testing.F) {
	for _, name := range []string{"a", "a/b", "A", "con", "x%2F", "=a=", "=photos,%43at.jpg=", strings.Repeat("é", 500), "+a+/=b=", "=%2e%2e="} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if back, ok := fromDisk(name); ok {
			require.NoError(t, checkPath(back))
			require.Equal(t, name, diskName(back))
		}
		if checkPath(name) != nil {
			return
		}
		onDisk := diskName(name)
		back, ok := fromDisk(onDisk)
		require.True(t, ok)
		require.Equal(t, name, back)
		require.Equal(t, onDisk, path.Clean(onDisk))
		for _, piece := range strings.Split(onDisk, "/") {
			require.LessOrEqual(t, len(piece), 255)
			require.Contains(t, fileMark+dirMark, piece[:1])
			require.Equal(t, piece[:1], piece[len(piece)-1:])
			require.Empty(t, strings.Trim(piece, "abcdefghijklmnopqrstuvwxyz0123456789-_.,%ABCDEF=+"))
		}
	})
}

// FuzzTrailer reads any bytes as a file of a DirStorage.
func FuzzTrailer(f *testing.F) {
	m := manifest{size: 4, contentType: "a/b"}
	f.Add(append([]byte("body"), encodeTrailer(&m, fromMillis(7))...))
	f.Add([]byte(dirMagic))
	f.Add([]byte("\x00\x00\x00\x01" + dirMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newPowerDisk()
		file, err := d.create("f")
		require.NoError(t, err)
		_, err = file.Write(b)
		require.NoError(t, err)
		m, expires, err := readTrailer(file)
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
			return
		}
		require.LessOrEqual(t, m.size, int64(len(b)))
		again, err := d.create("again")
		require.NoError(t, err)
		_, err = again.Write(append(b[:m.size:m.size], encodeTrailer(m, expires)...))
		require.NoError(t, err)
		n, same, err := readTrailer(again)
		require.NoError(t, err)
		require.True(t, same.Equal(expires))
		require.Equal(t, m.stat("", expires), n.stat("", same))
	})
}
