package kv

import (
	"sync"

	"github.com/spcent/plumego/store/internal/keydir"
)

// scanMemory is what one scan after the other works in. Nothing of it is
// handed out.
type scanMemory struct {
	batch []keydir.Pair
	chunk chunk
}

func newScanMemories() *sync.Pool {
	return &sync.Pool{New: func() any { return new(scanMemory) }}
}

// scanMemory returns memory for one scan.
func (e *engine) scanMemory() *scanMemory { return e.scanMemories.Get().(*scanMemory) }

// keepScanMemory has another scan use the memory, which keeps no key and no
// value for that.
func (e *engine) keepScanMemory(m *scanMemory) {
	clear(m.batch[:cap(m.batch)])
	m.batch = m.batch[:0]
	m.chunk.clear()
	e.scanMemories.Put(m)
}
