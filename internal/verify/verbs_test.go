package verify

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// verb is something that one can do to a store and to its model.
type verb struct {
	name   string
	weight int // how often it comes
	do     func(*machine)
}

// verbs is everything that the model does. A new verb of the store is a
// line here and a method below.
func verbs() []verb {
	return []verb{
		{"Set", 5, (*machine).set},
		{"SetUntil", 2, (*machine).setUntil},
		{"Expire", 3, (*machine).expire},
		{"Incr", 3, (*machine).incr},
		{"Delete", 3, (*machine).delete},
		{"SetNX", 2, (*machine).setNX},
		{"CompareAndSwap", 3, (*machine).compareAndSwap},
		{"CompareAndDelete", 1, (*machine).compareAndDelete},
		{"Update", 4, (*machine).update},
		{"DeletePrefix", 1, (*machine).deletePrefix},
		{"Get", 1, (*machine).get},
		{"TTL", 1, (*machine).ttlOf},
		{"Scan", 1, (*machine).scan},
		{"Len", 1, (*machine).sweep},
		{"Snapshot", 2, (*machine).snapshot},
		{"look at a snapshot", 2, (*machine).lookBack},
		{"close a snapshot", 1, (*machine).closeSnapshot},
		{"Sync", 1, (*machine).sync},
		{"Compact", 2, (*machine).compact},
		{"Verify", 1, (*machine).verify},
		{"Backup", 1, (*machine).backup},
		{"Restore", 1, (*machine).restore},
		{"open beside", 1, (*machine).openBeside},
		{"time passes", 3, (*machine).pass},
		{"the wall is set back", 1, (*machine).setBack},
		{"reopen", 1, (*machine).reopen},
		{"reopen with the wall behind", 1, (*machine).reopenBehind},
		{"kill", 1, (*machine).kill},
		{"calls that must fail", 1, (*machine).refused},
	}
}

func (m *machine) set() {
	key, value, ttl := m.key(), m.value(), m.ttl()
	if m.fits(m.handle().Set(key, []byte(value), ttl)) {
		m.book[key] = holding{value: value, deadline: m.deadline(ttl)}
	}
}

func (m *machine) setUntil() {
	key, value := m.key(), m.value()
	deadline := time.UnixMilli(m.now).Add(one(m, "until", -time.Hour, -1, 0, 1, time.Millisecond, time.Hour))
	if m.pick("for ever", 5) == 0 {
		deadline = time.Time{}
	}
	if m.fits(m.handle().SetUntil(key, []byte(value), deadline)) {
		m.book[key] = holding{value: value, deadline: asMillis(deadline)}
	}
}

func (m *machine) expire() {
	key, ttl := m.key(), m.ttl()
	err := m.handle().Expire(key, ttl)
	h, there := m.book[key]
	if !there {
		m.wants(kv.ErrKeyNotFound, err)
		return
	}
	if m.fits(err) {
		h.deadline = m.deadline(ttl)
		m.book[key] = h
	}
}

func (m *machine) incr() {
	key, ttl := m.key(), m.ttl()
	delta := one[int64](m, "delta", 1, -1, 1000, math.MaxInt64, math.MinInt64)
	sum, err := m.handle().Incr(key, delta, ttl)
	h, want := m.sum(m.book, key, delta, ttl)
	if want != nil {
		m.wants(want, err)
		return
	}
	if !m.fits(err) {
		return
	}
	m.book[key] = h
	if got := strconv.FormatInt(sum, 10); got != h.value {
		m.t.Fatalf("Incr of %q by %d: got %s, want %s", key, delta, got, h.value)
	}
}

// sum returns what Incr should make of a key.
func (m *machine) sum(b book, key string, delta int64, ttl time.Duration) (holding, error) {
	h, there := b[key]
	if !there {
		h = holding{value: "0", deadline: m.deadline(ttl)}
	}
	old, err := strconv.ParseInt(h.value, 10, 64)
	switch {
	case err != nil:
		return h, kv.ErrNotInteger
	case delta > 0 && old > math.MaxInt64-delta, delta < 0 && old < math.MinInt64-delta:
		return h, kv.ErrOverflow
	}
	return holding{value: strconv.FormatInt(old+delta, 10), deadline: h.deadline}, nil
}

func (m *machine) delete() {
	key := m.key()
	m.wants(nil, m.handle().Delete(key))
	delete(m.book, key)
}

func (m *machine) deletePrefix() {
	prefix := m.prefix()
	n, err := m.handle().DeletePrefix(prefix)
	m.wants(nil, err)
	keys := m.book.beginning(prefix)
	if n != len(keys) {
		m.t.Fatalf("DeletePrefix of %q: got %d, want %d", prefix, n, len(keys))
	}
	for _, key := range keys {
		delete(m.book, key)
	}
}

// get asks for a key by every road.
func (m *machine) get() {
	key := m.key()
	m.agrees(key, m.book, m.s)
	buf, err := m.s.AppendGet([]byte("before"), key)
	h, there := m.book[key]
	if !there {
		m.wants(kv.ErrKeyNotFound, err)
	} else {
		m.wants(nil, err)
	}
	if want := "before" + h.value; string(buf) != want {
		m.t.Fatalf("AppendGet of %q: got %q, want %q", key, buf, want)
	}
	item, err := m.s.GetItem(key)
	m.found(key, m.book, item, err)
}

// agrees asks a store or a snapshot for one key.
func (m *machine) agrees(key string, b book, s scanner) {
	h, there := b[key]
	value, err := s.Get(key)
	if !there {
		m.wants(kv.ErrKeyNotFound, err)
	} else {
		m.wants(nil, err)
	}
	if string(value) != h.value || s.Exists(key) != there {
		m.t.Fatalf("%q: got %q, want %q, %t", key, value, h.value, there)
	}
}

func (m *machine) ttlOf() {
	key := m.key()
	left, err := m.s.TTL(key)
	h, there := m.book[key]
	switch {
	case !there:
		m.wants(kv.ErrKeyNotFound, err)
		return
	case h.deadline == 0:
		h.deadline = m.now
	}
	m.wants(nil, err)
	want := time.Duration(math.MaxInt64)
	if ms := h.deadline - m.now; ms <= math.MaxInt64/int64(time.Millisecond) {
		want = time.Duration(ms) * time.Millisecond
	}
	if left != want {
		m.t.Fatalf("TTL of %q: got %v, want %v", key, left, want)
	}
}

// scan lists the store by every road.
func (m *machine) scan() { m.listed(m.book, m.s) }

// listed lists a store or a snapshot: a prefix, and a range both ways.
func (m *machine) listed(b book, s scanner) {
	prefix, from, to := m.prefix(), m.key(), one(m, "to", "", m.key())
	m.wants(nil, b.lists(b.beginning(prefix), s.Scan(prefix)))
	if got, want := slices.Collect(s.Keys(prefix)), b.beginning(prefix); !slices.Equal(got, want) {
		m.t.Fatalf("Keys of %q: got %q, want %q", prefix, got, want)
	}
	keys := b.between(from, to)
	m.wants(nil, b.lists(keys, s.ScanRange(from, to)))
	slices.Reverse(keys)
	m.wants(nil, b.lists(keys, s.ScanRange(from, to, kv.Reverse())))
}

// sweep has the expired keys removed, which Len and Stats do.
func (m *machine) sweep() {
	if n := m.s.Len(); n != len(m.book) {
		m.t.Fatalf("Len is %d, want %d", n, len(m.book))
	}
	st := m.s.Stats()
	if st.Keys != len(m.book) || st.Snapshots != len(m.open) || st.DurableSeq > st.LastSeq {
		m.t.Fatalf("Stats: %+v, want %d keys and %d snapshots", st, len(m.book), len(m.open))
	}
}

func (m *machine) snapshot() {
	if len(m.open) == 5 {
		m.closeSnapshot()
	}
	n, err := m.s.Snapshot()
	m.wants(nil, err)
	m.open = append(m.open, chapter{n, m.book.at(m.now)})
}

func (m *machine) lookBack() {
	if len(m.open) > 0 {
		m.look(m.open[m.pick("snapshot", len(m.open))])
	}
}

// look holds a snapshot to the book of its moment.
func (m *machine) look(c chapter) {
	m.wants(nil, c.book.all(c))
	m.agrees(m.key(), c.book, c)
	m.listed(c.book, c)
	if n := c.Len(); n != len(c.book) {
		m.t.Fatalf("Len of a snapshot is %d, want %d", n, len(c.book))
	}
}

func (m *machine) closeSnapshot() {
	if len(m.open) == 0 {
		return
	}
	i := m.pick("snapshot", len(m.open))
	m.look(m.open[i])
	m.wants(nil, m.open[i].Close())
	_, err := m.open[i].Get("k")
	m.wants(kv.ErrSnapshotClosed, err)
	m.open = slices.Delete(m.open, i, i+1)
}

func (m *machine) sync() {
	before := m.s.Stats().LastSeq
	m.wants(nil, m.s.Sync())
	if st := m.s.Stats(); st.DurableSeq < before {
		m.t.Fatalf("synced up to %d, want at least %d", st.DurableSeq, before)
	}
}

func (m *machine) compact() {
	ctx, cancel := context.WithCancel(m.t.Context())
	defer cancel()
	if m.pick("cancelled", 4) == 0 {
		cancel()
		if err := m.s.Compact(ctx); err != nil {
			m.wants(context.Canceled, err)
		}
		return
	}
	m.wants(nil, m.s.Compact(ctx))
}

func (m *machine) verify() {
	_, err := m.s.Verify(m.t.Context())
	m.wants(nil, err)
}

func (m *machine) backup() {
	dir := m.newDir()
	m.wants(nil, m.s.Backup(m.t.Context(), dir))
	m.holds(dir)
}

// restore copies the store through a stream.
func (m *machine) restore() {
	var stream bytes.Buffer
	_, err := m.s.WriteTo(&stream)
	m.wants(nil, err)
	dir := m.newDir()
	m.wants(nil, kv.Restore(m.t.Context(), &stream, dir))
	m.holds(dir)
}

// openBeside opens the directory for reading. What that shows does not move
// while the writer goes on.
func (m *machine) openBeside() {
	opts := m.still(m.opts.DataDir)
	opts.ReadOnly = true
	beside, then := open(m.t, opts), m.book.at(m.now)
	m.wants(nil, then.all(beside))
	m.wants(kv.ErrReadOnly, beside.Set("k", nil, 0))
	for _, write := range []func(*machine){(*machine).set, (*machine).delete, (*machine).update, (*machine).compact} {
		write(m)
		m.check()
	}
	m.wants(nil, then.all(beside))
	m.agrees(m.key(), then, beside)
	m.wants(nil, beside.Close())
}

func (m *machine) pass() {
	if m.clock.now().Year() < 2150 { // nanoseconds end in 2262
		m.clock.pass(one(m, "time", time.Millisecond, 9*time.Millisecond, time.Second, time.Minute, 25*time.Hour, 10*year))
	}
}

const year = 365 * 24 * time.Hour

func (m *machine) setBack() {
	m.clock.pass(-one(m, "back", time.Millisecond, time.Minute, year))
}

func (m *machine) reopenBehind() {
	m.setBack()
	m.reopen()
}

// refused makes calls that must fail and change nothing.
func (m *machine) refused() {
	s, key := m.handle(), m.key()
	m.wants(kv.ErrInvalidKey, s.Set("", nil, 0))
	m.wants(kv.ErrInvalidKey, s.Set(strings.Repeat("k", kv.MaxKeySize+1), nil, 0))
	m.wants(kv.ErrInvalidTTL, s.Set(key, nil, -1))
	m.wants(kv.ErrInvalidTTL, s.Expire(key, -1))
	_, err := s.Incr(key, 1, -1)
	m.wants(kv.ErrInvalidTTL, err)
	for _, ttl := range []time.Duration{-1, 0} {
		want, invalid := kv.ErrInvalidTTL, key
		if ttl == 0 {
			want, invalid = kv.ErrInvalidKey, ""
		}
		_, err := s.SetNX(invalid, nil, ttl)
		m.wants(want, err)
		_, err = s.CompareAndSwap(invalid, nil, nil, ttl)
		m.wants(want, err)
	}
	_, err = s.CompareAndDelete("", nil)
	m.wants(kv.ErrInvalidKey, err)
	_, err = kv.NewKVStore(m.opts)
	m.wants(kv.ErrLocked, err)
	ctx, cancel := context.WithCancel(m.t.Context())
	cancel()
	if err := s.Backup(ctx, m.newDir()); err != nil { // there may be too little to do to notice
		m.wants(context.Canceled, err)
	}
	if _, err := s.Verify(ctx); err != nil {
		m.wants(context.Canceled, err)
	}
	m.wants(errStop, s.View(func(*kv.Snapshot) error { return errStop }))
}

var errStop = errors.New("stop")

// handle returns the store under some policy.
func (m *machine) handle() *kv.KVStore { return m.s.WithSync(one(m, "policy", policies()...)) }

// key is one of few, some of which begin others, some of them binary.
func (m *machine) key() string {
	return one(m, "key", "k", "k\x00", "k1", "k12", "k2", "kk", "n", "n1", "n2", "\x00", "\xff", "\xff\xff", strings.Repeat("long", 60))
}

func (m *machine) prefix() string { return one(m, "prefix", "", "k", "k1", "n", "\xff", "none") }

// value is a number or not, and at times longer than a segment.
func (m *machine) value() string {
	switch m.pick("kind of value", 8) {
	case 0, 1:
		return one(m, "number", "0", "-7", "9223372036854775807", "-9223372036854775808", "+1")
	case 2:
		return strings.Repeat("large ", m.pick("length", 2000))
	case 3:
		return ""
	}
	return strings.Repeat(string([]byte{byte(m.pick("letter", 256))}), m.pick("length", 200))
}

func (m *machine) ttl() time.Duration {
	return one[time.Duration](m, "ttl", 0, 0, 1, time.Millisecond, 10*time.Millisecond, time.Second, time.Minute, time.Hour, 20*year, math.MaxInt64)
}

// deadline returns that of a ttl from now, rounded up.
func (m *machine) deadline(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return m.now + int64((ttl-1)/time.Millisecond) + 1
}
