package kv

import (
	"strconv"
	"strings"

	"github.com/spcent/plumego/store/internal/vfs"
)

// listing is what these tests read in a manifest, with eyes of their own.
type listing struct {
	clean    bool
	next     uint64
	segments []listedSegment
}

type listedSegment struct {
	name   string
	sealed bool
	length int64
}

// readListing reads a manifest on a disk. A missing one lists nothing and is
// clean, as an empty directory is.
func readListing(d *vfs.Disk, name string) listing {
	b, err := d.ReadFile(dataDir, name)
	if err != nil {
		return listing{clean: true}
	}
	l := listing{clean: strings.Contains(string(b), "\nclean yes\n")}
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		if len(words) == 2 && words[0] == "next" {
			l.next, _ = strconv.ParseUint(words[1], 10, 64)
		}
		if len(words) >= 5 && words[0] == "segment" {
			length, _ := strconv.ParseInt(words[3], 10, 64)
			l.segments = append(l.segments, listedSegment{words[1] + ".seg", words[2] == "sealed", length})
		}
	}
	return l
}

func (l listing) find(name string) (listedSegment, bool) {
	for _, s := range l.segments {
		if s.name == name {
			return s, true
		}
	}
	return listedSegment{}, false
}
