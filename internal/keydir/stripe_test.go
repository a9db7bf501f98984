package keydir

import "testing"

// TestDeadlineAt has all keys collide: only the place tells them apart.
func TestDeadlineAt(t *testing.T) {
	d := New(epoch)
	d.hash = func(string) uint64 { return 42 }
	putUntil(t, d, "never", 1, 0)
	putUntil(t, d, "late", 2, epoch+1000)
	putUntil(t, d, "later", 3, epoch+1000)
	d.SetDeadline(d.Hash("later"), "later", epoch+2000)
	put(t, d, "gone", 4)
	remove(t, d, "gone")
	put(t, d, "again", 5)
	put(t, d, "again", 6)

	s := d.Stripe(42)
	s.RLock()
	defer s.RUnlock()
	for _, c := range []struct {
		segment  uint32
		offset   int64
		deadline int64
		ok       bool
	}{
		{1, 64, 0, true},
		{2, 64, epoch + 1000, true},
		{3, 64, epoch + 2000, true},
		{4, 64, 0, false}, // deleted
		{5, 64, 0, false}, // overwritten
		{6, 64, 0, true},
		{6, 72, 0, false},
		{0, 0, 0, false}, // what a ghost's spot says
	} {
		deadline, ok := s.DeadlineAt(42, c.segment, c.offset)
		if deadline != c.deadline || ok != c.ok {
			t.Errorf("segment %d, offset %d: got %d %v, want %d %v", c.segment, c.offset, deadline, ok, c.deadline, c.ok)
		}
	}
	if _, ok := s.DeadlineAt(43, 1, 64); ok {
		t.Error("another hash: got an entry, want none")
	}
}

func TestDeadlineAtOfAnEmptyStripe(t *testing.T) {
	if _, ok := new(Stripe).DeadlineAt(1, 1, 64); ok {
		t.Error("got an entry, want none")
	}
}
