package keydir

import (
	"math/bits"

	"github.com/spcent/plumego/store/internal/spin"
)

// set is some of the stripes, a bit for each.
type set uint64

func setOf(stripe uint64) set { return 1 << stripe }

// holdAll takes stripes for reading, and returns which it has: not those that
// are still to be loaded, of which there are none once the order can be held.
//
// Several at once may be held because they are taken in their order, and nobody
// who holds one for writing, be it to load it, waits for another.
func (d *Keydir) holdAll(wanted set) (held set) {
	for ; wanted != 0; wanted &= wanted - 1 {
		i := bits.TrailingZeros64(uint64(wanted))
		s := &d.stripes[i]
		if spin.ReadLock(&s.mu); s.cold != nil {
			s.mu.RUnlock()
			continue
		}
		held |= setOf(uint64(i))
	}
	return held
}

// letGoOf lets go of what holdAll took.
func (d *Keydir) letGoOf(held set) {
	for ; held != 0; held &= held - 1 {
		d.stripes[bits.TrailingZeros64(uint64(held))].RUnlock()
	}
}
