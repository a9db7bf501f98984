package cache

import "testing"

// TestComebacks: a key comes back soon while no more were evicted than the
// table has records, and late after that.
func TestComebacks(t *testing.T) {
	c := newCache(t, forEntries(100))
	x := c.shards[0].index
	table := x.table(0)
	table.setCount(table.ghostSets())
	// All hashes have one set in common: what is in it grows old by one table
	// full of evictions with each.
	hash := func(i int) uint64 { return uint64(2*i+1) << 16 }
	for i := range 4 {
		table.remember(hash(i))
	}
	for i, want := range []comeback{late, late, soon, soon} {
		if got := table.recall(hash(i)); got != want {
			t.Errorf("%d: got %v, want %v", i, got, want)
		}
		if got := table.recall(hash(i)); got != never {
			t.Errorf("%d again: got %v", i, got)
		}
	}
	table.setCount(0)
}

// TestLateOnes: of the keys that come back late one of lateShare is let into
// the main log.
func TestLateOnes(t *testing.T) {
	c := newCache(t, forEntries(100))
	s := c.shards[0]
	n := 0
	for range 4 * lateShare {
		s.index.table(0).remember(1 << 16)
		s.index.table(0).remember(3 << 16)
		if s.deservesMain(1 << 16) {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d of %d were let in, want 4", n, 4*lateShare)
	}
	s.index.table(0).remember(1 << 16)
	if !s.deservesMain(1<<16) || s.deservesMain(5<<16) {
		t.Error("who comes at once is not let in, or a stranger is")
	}
}
