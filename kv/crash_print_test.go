package kv

import (
	"hash/fnv"
	"io"

	"github.com/spcent/plumego/store/internal/vfs"
)

// print stands for an image and the time at which it is opened: what opens
// alike need be opened once only.
type print struct {
	files uint64
	now   int64
}

func (p *player) printOf(image *vfs.Disk) print {
	h := fnv.New64a()
	names, _ := image.Names(dataDir)
	for _, name := range names {
		b, _ := image.ReadFile(dataDir, name)
		_, _ = io.WriteString(h, name+"\x00")
		_, _ = h.Write(b)
	}
	return print{h.Sum64(), p.now}
}
