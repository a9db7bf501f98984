package keydir

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// Run one sequence again with: go test -run Model -seed N. It is registered
// by the test binary alone.
var seedFlag = flag.Uint64("seed", 0, "seed of the model test; 0 draws one")

// epoch is where the clocks of the tests begin, in unix milliseconds.
const epoch = 1_700_000_000_000

// model is what a Keydir should be: a map, and a sort when order is asked.
type model struct {
	t    *testing.T
	rng  *rand.Rand
	dir  *Keydir
	want map[string]Entry
	now  int64
	keys []string // the keys that are ever used
	// settled is closed when the index, made of an image, is settled; nil: it
	// was made without one.
	settled <-chan struct{}
}

func TestModelOfRandomOperations(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	ops := 200_000
	if testing.Short() {
		ops = 20_000
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
				n /= 10 // every lookup is a search of the whole stripe
			}
			m := newModel(t, seed)
			m.dir.hash = hash
			m.run(n)
		})
	}
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{
		t:    t,
		rng:  rand.New(rand.NewPCG(seed, 0)),
		dir:  New(epoch),
		want: map[string]Entry{},
		now:  epoch,
	}
	for i := range 600 {
		m.keys = append(m.keys,
			fmt.Sprintf("session:%08x", uint32(i)*2654435761),
			strings.Repeat("p", i%40)+string([]byte{byte(i), 0, byte(i >> 8)}))
	}
	slices.Sort(m.keys)
	m.keys = slices.Compact(m.keys)
	return m
}

func (m *model) run(ops int) {
	for i := range ops {
		switch p := m.rng.IntN(1000); {
		case p < 450:
			m.put()
		case p < 700:
			m.delete()
		case p < 800:
			m.setDeadline()
		case p < 970:
			m.find()
		case p < 980:
			m.expire()
		case p < 990:
			m.rangeWindow()
		case p < 995:
			m.dir.Fold()
		case p < 997:
			m.reload()
		case i%20 == 0:
			m.check()
		}
		if m.t.Failed() {
			m.t.Fatalf("at operation %d", i)
		}
	}
	m.check()
	if got := m.dir.Range(nil, "", "", 1<<30); !slices.Equal(got, m.window("", "", 1<<30)) {
		m.t.Error("the whole range differs from the model")
	}
}

func (m *model) key() string { return m.keys[m.rng.IntN(len(m.keys))] }

func (m *model) deadline() int64 {
	switch m.rng.IntN(4) {
	case 0:
		return 0
	case 1:
		return m.now + m.rng.Int64N(3000) - 500
	case 2:
		return m.now + m.rng.Int64N(100_000)
	}
	return m.now + m.rng.Int64N(30*24*3600*second)
}

func (m *model) put() {
	key := m.key()
	e := Entry{m.rng.Uint32N(MaxSegment), m.rng.Int64N(1<<32) * unit, m.rng.Int64N(1<<32) * unit, m.deadline()}
	want, replaces := m.want[key]
	old, replaced, err := m.dir.Put(m.dir.Hash(key), key, e)
	if err != nil || replaced != replaces || old != want {
		m.t.Errorf("Put: got %v %v %v, want %v %v", old, replaced, err, want, replaces)
	}
	m.want[key] = e
}

func (m *model) delete() {
	key := m.key()
	want, present := m.want[key]
	if old, ok := m.dir.Delete(m.dir.Hash(key), key); ok != present || old != want {
		m.t.Errorf("Delete: got %v %v, want %v %v", old, ok, want, present)
	}
	delete(m.want, key)
}

func (m *model) setDeadline() {
	key, deadline := m.key(), m.deadline()
	e, present := m.want[key]
	if got := m.dir.SetDeadline(m.dir.Hash(key), key, deadline); got != present {
		m.t.Errorf("SetDeadline: got %v, want %v", got, present)
	}
	if present {
		e.Deadline = deadline
		m.want[key] = e
	}
}

func (m *model) find() {
	key := m.key()
	want, present := m.want[key]
	if got, ok := find(m.dir, key); ok != present || got != want {
		m.t.Errorf("Find: got %v %v, want %v %v", got, ok, want, present)
	}
}

// expire steps the clock, at times backward, and sweeps.
func (m *model) expire() {
	m.now += m.rng.Int64N(4000) - 500
	if m.settled != nil {
		<-m.settled // NextDeadline knows all only then
	}
	var got, want []Entry
	for key, e := range m.want {
		if e.Deadline != 0 && e.Deadline <= m.now {
			want = append(want, e)
			delete(m.want, key)
		}
	}
	if least := leastDeadline(want); least != 0 && m.dir.NextDeadline() > least {
		m.t.Errorf("NextDeadline: got %d, and an entry dies at %d", m.dir.NextDeadline(), least)
	}
	for more := true; more; {
		var n int
		before := len(got)
		n, more = m.dir.Expire(m.now, 1+m.rng.IntN(50), func(e Entry) { got = append(got, e) })
		if n != len(got)-before {
			m.t.Errorf("Expire: got n %d and %d calls", n, len(got)-before)
		}
	}
	slices.SortFunc(got, compareEntries)
	slices.SortFunc(want, compareEntries)
	if !slices.Equal(got, want) {
		m.t.Errorf("Expire: got %d entries, want %d", len(got), len(want))
	}
	if next := m.dir.NextDeadline(); next != 0 && next <= m.now {
		m.t.Errorf("NextDeadline after Expire(%d): got %d", m.now, next)
	}
}

func leastDeadline(entries []Entry) (least int64) {
	for _, e := range entries {
		if least == 0 || e.Deadline < least {
			least = e.Deadline
		}
	}
	return least
}

func compareEntries(a, b Entry) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }

// reload goes on with an index made of the image of the old one, which
// settles meanwhile.
func (m *model) reload() {
	loaded, settle := reload(m.t, m.dir)
	m.dir = loaded
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		settle()
	}()
	m.settled = settled
}

func (m *model) rangeWindow() {
	from, to, max := m.key(), m.key(), 1+m.rng.IntN(100)
	if m.rng.IntN(4) == 0 {
		to = ""
	}
	got := m.dir.Range(nil, from, to, max)
	if want := m.window(from, to, max); !slices.Equal(got, want) {
		m.t.Errorf("Range: got %v, want %v", got, want)
	}
}

func (m *model) window(from, to string, max int) (pairs []Pair) {
	for _, key := range m.keys {
		e, present := m.want[key]
		if present && key >= from && (to == "" || key < to) && len(pairs) < max {
			pairs = append(pairs, Pair{key, e})
		}
	}
	return pairs
}

func (m *model) check() {
	if err := m.dir.Check(); err != nil {
		m.t.Error(err)
	}
	if got := m.dir.Len(); got != len(m.want) {
		m.t.Errorf("Len: got %d, want %d", got, len(m.want))
	}
	if got := m.dir.Backlog(); got != 0 {
		m.t.Errorf("Backlog after Check: got %d", got)
	}
}

// find is Find with the lock taken.
func find(d *Keydir, key string) (Entry, bool) {
	h := d.Hash(key)
	s := d.Stripe(h)
	s.RLock()
	defer s.RUnlock()
	return s.Find(h, key)
}
