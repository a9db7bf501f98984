package file

import (
	"encoding/hex"
	"path"
	"strings"
)

// A DirStorage gives a file a name on disk that every system takes, tells
// apart, and does not read as something else: lower-case letters, digits and
// "-_." stay, a slash is a comma, every other byte is % and two hex digits, and
// an equals sign stands before and behind:
//
//	photos/Cat.jpg    =photos,%43at.jpg=
//
// What is longer than a name on disk may be is cut: all but the last piece
// become directories, with a plus sign before and behind. There are no other
// directories.
const (
	longestPiece = 200
	fileMark     = "="
	dirMark      = "+"
	tempMark     = "~" // before the name of a file that is being written
)

// diskName returns the name on disk of a file, with slashes.
func diskName(name string) string {
	escaped, dirs := escape(name), ""
	for len(escaped) > longestPiece {
		dirs += dirMark + escaped[:longestPiece] + dirMark + "/"
		escaped = escaped[longestPiece:]
	}
	return dirs + fileMark + escaped + fileMark
}

// fromDisk returns the name of the file that is so called on disk, if it is
// one.
func fromDisk(onDisk string) (name string, ok bool) {
	dirs, last := path.Split(onDisk)
	escaped := strings.TrimSuffix(strings.TrimPrefix(last, fileMark), fileMark)
	if dirs != "" {
		pieces := strings.ReplaceAll(strings.TrimSuffix(dirs, "/"), dirMark+"/"+dirMark, "")
		escaped = strings.TrimSuffix(strings.TrimPrefix(pieces, dirMark), dirMark) + escaped
	}
	name, ok = unescape(escaped)
	return name, ok && checkPath(name) == nil && diskName(name) == onDisk
}

func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c == '/':
			b.WriteByte(',')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
			b.WriteByte(c)
		default:
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return b.String()
}

func unescape(escaped string) (name string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(escaped); i++ {
		switch c := escaped[i]; c {
		case ',':
			b.WriteByte('/')
		case '%':
			decoded, err := hex.DecodeString(escaped[i+1 : min(i+3, len(escaped))])
			if err != nil || len(decoded) != 1 {
				return "", false
			}
			b.WriteByte(decoded[0])
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}
