package cache

import "math/bits"

// pool is the memory of a shard: pages of one size, of which there are never
// more than most. Records, the index and what is remembered of evicted keys
// all live in its pages, so that the number of pages is the shard's size.
//
// A page has a number from 1. A position is page number times page size, plus
// an offset; bytes that run over the end of a page go on in its next.
//
// Memory comes in chunks of some pages, so that what says where they are is
// small enough to stay in the processor's cache.
type pool struct {
	shift  uint // log2 of the page size
	most   int
	chunks [][]byte // chunkPages pages each, the last may be shorter
	taken  int      // pages that were ever used: numbers up to it
	next   []uint32 // by number: the page after it in a log, 0 for none
	free   []uint32 // numbers of taken pages that nobody uses
}

const (
	leastPage     = 1 << 10
	mostPage      = 64 << 10
	pagesPerShard = 256 // at most, where page sizes allow, and more than half
	chunkShift    = 3
	chunkPages    = 1 << chunkShift
	// pageOverhead is what a page costs beside its bytes: its places in
	// next and free, in the index's directory, and its part of one in chunks.
	pageOverhead = 4 + 4 + 8 + 24/chunkPages
)

// newPool returns a pool for a shard of so many bytes, overhead included.
func newPool(bytes int64) *pool {
	size := int64(leastPage)
	for size < mostPage && bytes/size > pagesPerShard {
		size *= 2
	}
	most := int(bytes / (size + pageOverhead))
	p := &pool{shift: uint(bits.TrailingZeros64(uint64(size))), most: most}
	p.chunks = make([][]byte, 0, (most+chunkPages-1)/chunkPages)
	p.next = make([]uint32, most+1)
	p.free = make([]uint32, 0, most)
	return p
}

func (p *pool) size() int { return 1 << p.shift }

// used returns how many pages somebody uses.
func (p *pool) used() int { return p.taken - len(p.free) }

// made returns how many pages there is memory for.
func (p *pool) made() int { return min(len(p.chunks)*chunkPages, p.most) }

// bytes returns the memory that the pool holds, with its overhead.
func (p *pool) bytes() int64 {
	return int64(p.made())*int64(p.size()) + int64(p.most)*pageOverhead
}

// take returns the number of a page that nobody uses, with any content. That
// there is one is for the caller to know: see shard.logRoom.
func (p *pool) take() uint32 {
	if n := len(p.free); n > 0 {
		id := p.free[n-1]
		p.free = p.free[:n-1]
		p.next[id] = 0
		return id
	}
	if p.taken == p.made() {
		p.grow()
	}
	p.taken++
	return uint32(p.taken)
}

// grow adds a chunk.
func (p *pool) grow() {
	pages := min(chunkPages, p.most-p.made())
	if pages == 0 {
		panic("cache: a page beyond the bound")
	}
	p.chunks = append(p.chunks, make([]byte, pages<<p.shift))
}

// page returns the bytes of a page.
func (p *pool) page(id uint32) []byte {
	id--
	return p.chunks[id>>chunkShift][id&(chunkPages-1)<<p.shift:][:p.size()]
}

// give takes a page back.
func (p *pool) give(id uint32) { p.free = append(p.free, id) }

// piece returns the bytes from n behind pos on, to the end of their page.
func (p *pool) piece(pos uint32, n int) []byte {
	id, off := pos>>p.shift, int(pos)&(p.size()-1)+n
	for off >= p.size() {
		id, off = p.next[id], off-p.size()
	}
	return p.page(id)[off:]
}

// record returns the record at pos.
func (p *pool) record(pos uint32) record {
	b := p.piece(pos, 0)
	if len(b) >= maxHeader {
		return parseHeader(pos, b)
	}
	var header [maxHeader]byte
	n := copy(header[:], b)
	if next := p.next[pos>>p.shift]; next != 0 {
		copy(header[n:], p.page(next))
	}
	return parseHeader(pos, header[:])
}

// hasKey reports whether a record is key's.
func (p *pool) hasKey(r record, key string) bool {
	if r.key != len(key) {
		return false
	}
	for off := r.keyPos(); len(key) > 0; {
		b := p.piece(r.pos, off)
		n := min(len(b), len(key))
		if string(b[:n]) != key[:n] {
			return false
		}
		key, off = key[n:], off+n
	}
	return true
}

// appendBytes appends n bytes, from off behind pos on, to dst.
func (p *pool) appendBytes(dst []byte, pos uint32, off, n int) []byte {
	for n > 0 {
		b := p.piece(pos, off)
		b = b[:min(n, len(b))]
		dst = append(dst, b...)
		off, n = off+len(b), n-len(b)
	}
	return dst
}

// overwrite puts b in the place of the bytes from off behind pos on.
func (p *pool) overwrite(pos uint32, off int, b []byte) {
	for len(b) > 0 {
		n := copy(p.piece(pos, off), b)
		b, off = b[n:], off+n
	}
}

// reset takes all pages back.
func (p *pool) reset() {
	p.free = p.free[:0]
	for id := range p.taken {
		p.free = append(p.free, uint32(id+1))
	}
}
