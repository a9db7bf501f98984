package cache

import "math/bits"

// pool is the memory of a shard: pages of one size, of which there are never
// more than most. Records, the index and what is remembered of evicted keys
// all live in its pages, so that the number of pages is the shard's size.
//
// A page has a number from 1. A position is page number times page size, plus
// an offset; bytes that run over the end of a page go on in its next.
type pool struct {
	shift uint // log2 of the page size
	most  int
	pages [][]byte // by number; pages[0] is none
	next  []uint32 // by number: the page after it in a log, 0 for none
	free  []uint32 // numbers of pages that nobody uses
}

const (
	leastPage     = 1 << 10
	mostPage      = 64 << 10
	pagesPerShard = 256 // at least, where page sizes allow
	// pageOverhead is what a page costs beside its bytes: its places in
	// pages, next and free, and in the index's directory.
	pageOverhead = 24 + 4 + 4 + 8
)

// newPool returns a pool for a shard of so many bytes, overhead included.
func newPool(bytes int64) *pool {
	size := int64(leastPage)
	for size < mostPage && bytes/size > pagesPerShard {
		size *= 2
	}
	most := int(bytes / (size + pageOverhead))
	p := &pool{shift: uint(bits.TrailingZeros64(uint64(size))), most: most}
	p.pages = make([][]byte, 1, most+1)
	p.next = make([]uint32, most+1)
	p.free = make([]uint32, 0, most)
	return p
}

func (p *pool) size() int { return 1 << p.shift }

// used returns how many pages somebody uses.
func (p *pool) used() int { return len(p.pages) - 1 - len(p.free) }

// bytes returns the memory that the pool holds, with its overhead.
func (p *pool) bytes() int64 {
	return int64(len(p.pages)-1)*int64(p.size()) + int64(p.most)*pageOverhead
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
	if len(p.pages) > p.most {
		panic("cache: a page beyond the bound")
	}
	p.pages = append(p.pages, make([]byte, p.size()))
	return uint32(len(p.pages) - 1)
}

// give takes a page back.
func (p *pool) give(id uint32) { p.free = append(p.free, id) }

// piece returns the bytes from n behind pos on, to the end of their page.
func (p *pool) piece(pos uint32, n int) []byte {
	id, off := pos>>p.shift, int(pos)&(p.size()-1)+n
	for off >= p.size() {
		id, off = p.next[id], off-p.size()
	}
	return p.pages[id][off:]
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
		copy(header[n:], p.pages[next])
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
	for id := range p.pages[1:] {
		p.free = append(p.free, uint32(id+1))
	}
}
