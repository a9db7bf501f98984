package keydir

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// snapModel is a model that takes snapshots and keeps a copy for each.
type snapModel struct {
	*model
	open []*taken
}

// taken is a snapshot and what it should show.
type taken struct {
	*Snapshot
	want map[string]Entry
}

// TestModelOfSnapshots does random operations with up to six snapshots open
// at once, and closes them in any order. Run one again with -seed N.
func TestModelOfSnapshots(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	ops := 60_000
	if testing.Short() {
		ops = 15_000
	}
	for name, hash := range map[string]func(string) uint64{
		"seeded hash": nil,
		"a hash of few values": func(key string) uint64 {
			return uint64(len(key)%3)<<stripeShift | uint64(len(key)%5)*7
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := ops
			if hash != nil {
				n /= 10
			}
			m := &snapModel{model: newModel(t, seed)}
			m.dir.hash = hash
			m.run(n)
		})
	}
}

func (m *snapModel) run(ops int) {
	for i := range ops {
		switch p := m.rng.IntN(1000); {
		case p < 300:
			m.put()
		case p < 600:
			m.delete()
		case p < 700:
			m.setDeadline()
		case p < 710:
			m.expire()
		case p < 720:
			m.dir.Fold()
		case p < 740:
			m.take()
		case p < 760:
			m.close()
		case p < 920:
			m.findThen()
		case p < 990:
			m.rangeThen()
		case p < 994:
			m.countThen()
		case p < 997:
			m.check()
		default:
			m.rangeWindow()
		}
		if m.t.Failed() {
			m.t.Fatalf("at operation %d", i)
		}
	}
	for len(m.open) > 0 {
		m.wholeThen()
		m.close()
	}
	m.check()
	requireNothingKept(m.t, m.dir)
}

// requireNothingKept wants no trace of snapshots in an index after a fold.
func requireNothingKept(t *testing.T, d *Keydir) {
	t.Helper()
	slots := 0
	for i := range d.stripes {
		if d.stripes[i].undo != nil {
			t.Error("undo is left")
		}
		slots += d.stripes[i].table.used
	}
	if slots != d.Len() || d.order.tree.Len() != d.Len() {
		t.Errorf("%d slots and a tree of %d for %d keys", slots, d.order.tree.Len(), d.Len())
	}
}

func (m *snapModel) take() {
	if len(m.open) < 6 {
		m.open = append(m.open, &taken{m.dir.Snapshot(), maps.Clone(m.want)})
	}
}

// close closes any of those open.
func (m *snapModel) close() {
	if len(m.open) == 0 {
		return
	}
	i := m.rng.IntN(len(m.open))
	m.open[i].Close()
	m.open = slices.Delete(m.open, i, i+1)
}

// any returns one of those open, or nil.
func (m *snapModel) any() *taken {
	if len(m.open) == 0 {
		return nil
	}
	return m.open[m.rng.IntN(len(m.open))]
}

func (m *snapModel) findThen() {
	n, key := m.any(), m.key()
	if n == nil {
		return
	}
	h := m.dir.Hash(key)
	s := m.dir.Stripe(h)
	s.RLock()
	got, ok := n.Find(s, h, key)
	s.RUnlock()
	if want, present := n.want[key]; ok != present || got != want {
		m.t.Errorf("Find then: got %v %v, want %v %v", got, ok, want, present)
	}
}

func (m *snapModel) rangeThen() {
	n, from, to := m.any(), m.key(), m.key()
	if n == nil {
		return
	}
	switch m.rng.IntN(4) {
	case 0:
		from = ""
	case 1:
		to = ""
	}
	m.compareRange(n, from, to)
}

func (m *snapModel) wholeThen() {
	for _, n := range m.open {
		m.compareRange(n, "", "")
	}
}

// compareRange goes through a range in both directions, in small steps,
// between which the world changes.
func (m *snapModel) compareRange(n *taken, from, to string) {
	var want []Pair
	for _, key := range m.keys {
		e, present := n.want[key]
		if present && key >= from && (to == "" || key < to) {
			want = append(want, Pair{key, e})
		}
	}
	for _, dir := range []Direction{Ascending, Descending} {
		if got := m.collect(n.Cursor(from, to, dir, Whole)); !slices.Equal(got, want) {
			m.t.Errorf("range then, direction %d: got %d pairs, want %d", dir, len(got), len(want))
		}
		got := m.collect(n.Cursor(from, to, dir, DeadlineOnly))
		if !slices.EqualFunc(got, want, func(a, b Pair) bool { return a.Key == b.Key && a.Entry.Deadline == b.Entry.Deadline }) {
			m.t.Errorf("keys then, direction %d: got %d, want %d", dir, len(got), len(want))
		}
		slices.Reverse(want)
	}
}

func (m *snapModel) collect(c *Cursor) (pairs []Pair) {
	for more := true; more; {
		pairs, more = c.Next(pairs, 1+m.rng.IntN(200))
		m.disturb()
	}
	return pairs
}

// disturb changes something between two steps of a walk.
func (m *snapModel) disturb() {
	switch m.rng.IntN(6) {
	case 0:
		m.put()
	case 1:
		m.delete()
	case 2:
		m.setDeadline()
	case 3:
		m.dir.Fold()
	case 4:
		m.expire()
	}
}

func (m *snapModel) countThen() {
	n := m.any()
	if n == nil {
		return
	}
	now, want := m.now+m.rng.Int64N(5000)-2500, 0
	for _, e := range n.want {
		if e.Deadline == 0 || e.Deadline > now {
			want++
		}
	}
	if got := n.Count(now); got != want {
		m.t.Errorf("Count: got %d, want %d", got, want)
	}
}
