package keydir

import (
	"math/rand/v2"
	"testing"
)

// lookup walks the table as Stripe.find does.
func (t *table) lookup(slot slot) bool {
	if len(t.slots) == 0 {
		return false
	}
	for i := t.home(slot); !t.slots[i].empty(); i = t.after(i) {
		if t.slots[i] == slot {
			return true
		}
	}
	return false
}

func TestTableAgainstASet(t *testing.T) {
	for name, fragments := range map[string]uint32{"one fragment": 1, "few": 7, "at the table's end": 16, "many": 1 << 31} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, uint64(fragments)))
			var table table
			set := map[slot]bool{}
			for ref := uint32(1); ref < 3000; ref++ {
				slot := slot{word: makeWord(-rng.Uint32N(fragments)-1, ref)}
				table.insert(slot)
				set[slot] = true
				for slot := range set {
					if len(set) > 100 || rng.IntN(3) == 0 {
						table.remove(slot.fragment(), slot.ref())
						delete(set, slot)
					}
					break
				}
				if table.used != len(set) {
					t.Fatalf("used: got %d, want %d", table.used, len(set))
				}
				for slot := range set {
					if !table.lookup(slot) {
						t.Fatalf("slot %x is lost", slot)
					}
				}
			}
			for slot := range set {
				table.remove(slot.fragment(), slot.ref())
			}
			for i, slot := range table.slots {
				if !slot.empty() {
					t.Errorf("slot %d: got %x in an empty table", i, slot)
				}
			}
		})
	}
}

func TestTableGrowsAtFourFifths(t *testing.T) {
	var table table
	for ref := uint32(1); ref <= 1000; ref++ {
		table.insert(slot{word: makeWord(ref*2654435761, ref)})
		if table.used*5 > len(table.slots)*4 {
			t.Fatalf("%d of %d slots used", table.used, len(table.slots))
		}
	}
	if got := len(table.slots); got != 2048 {
		t.Errorf("got %d slots for 1000, want 2048", got)
	}
}
