package kv

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/spcent/plumego/store/internal/vfs"
)

// FuzzOps reads bytes as operations and does them to a store and a map.
// After every one the two must agree, and after every life of the store all
// that it was told is there.
func FuzzOps(f *testing.F) {
	f.Add([]byte{0, 1, 5, 3, 1, 0, 1, 1, 9, 9, 0, 0, 3, 1, 0})
	f.Add([]byte{5, 2, 1, 5, 2, 200, 10, 0, 0, 5, 2, 3, 9, 0, 0, 5, 2, 3})
	f.Add([]byte{1, 3, 2, 7, 0, 2, 3, 3, 0, 10, 0, 0, 3, 3, 0, 8, 0, 200, 0, 3, 1})
	f.Add([]byte{0, 4, 250, 0, 5, 250, 0, 6, 250, 0, 7, 250, 10, 0, 0, 4, 4, 0, 9, 0, 0})
	f.Add([]byte{0, 1, 9, 6, 1, 1, 7, 0, 1, 3, 1, 0, 2, 1, 40, 7, 0, 3, 10, 0, 0, 11, 0, 0})
	f.Fuzz(func(t *testing.T, program []byte) {
		m := newMachine(t)
		for n := 0; len(program) >= 3 && n < 64; n++ {
			m.do(program[0], program[1], program[2])
			program = program[3:]
		}
		m.reopen()
		m.check()
		if _, err := m.s.Verify(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := m.s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// machine is a store and the map that it should be.
type machine struct {
	t     *testing.T
	d     *vfs.Disk
	s     *KVStore
	clock *handClock
	// latest is the latest time that the store has seen: its time, since
	// the clock is also set back.
	latest time.Time
	book   ledger
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, d: newDisk(t), clock: newHandClock(), book: ledger{}}
	m.open()
	return m
}

func (m *machine) open() {
	s, err := NewKVStore(onDisk(m.d, m.clock))
	if err != nil {
		m.t.Fatalf("open: %v", err)
	}
	m.s = s
	m.look()
}

// look lets time be what the store has seen of it.
func (m *machine) look() {
	if now := m.clock.now(); now.After(m.latest) {
		m.latest = now
	}
	m.book = m.book.at(m.latest.UnixMilli())
}

// do does one operation: which, on which key, with what.
func (m *machine) do(op, k, arg byte) {
	m.look()
	s := m.s.WithSync(SyncPolicy(op / 64 % 3))
	key := "key-" + strconv.Itoa(int(k%16))
	switch op % 12 {
	case 0, 1:
		m.set(s, key, arg)
	case 2:
		m.setUntil(s, key, arg)
	case 3:
		m.get(s, key)
	case 4:
		m.wants(nil, s.Delete(key))
		delete(m.book, key)
	case 5:
		m.incr(s, key, int64(int8(arg)))
	case 6:
		m.expire(s, key, arg)
	case 7:
		m.clock.pass(time.Duration(arg) * 300 * time.Microsecond)
	case 8:
		m.clock.pass(-time.Duration(arg) * time.Minute)
	case 9:
		m.kill()
	case 10:
		m.reopen()
	case 11:
		m.wants(nil, s.Sync())
	}
	m.check()
}

func (m *machine) set(s *KVStore, key string, arg byte) {
	value := fmt.Appendf(nil, "%0*d", int(arg), arg)
	ttl := time.Duration(arg%4) * 700 * time.Microsecond
	m.wants(nil, s.Set(key, value, ttl))
	m.book[key] = holding{string(value), m.deadline(ttl)}
}

func (m *machine) setUntil(s *KVStore, key string, arg byte) {
	deadline := m.latest.Add(time.Duration(int8(arg)) * time.Millisecond)
	m.wants(nil, s.SetUntil(key, []byte{arg}, deadline))
	m.book[key] = holding{string([]byte{arg}), asDeadline(deadline)}
	m.look()
}

func (m *machine) get(s *KVStore, key string) {
	h, there := m.book[key]
	value, err := s.Get(key)
	if !there {
		m.wants(ErrKeyNotFound, err)
		return
	}
	m.wants(nil, err)
	if string(value) != h.value {
		m.t.Fatalf("Get %s: got %q, want %q", key, value, h.value)
	}
}

func (m *machine) incr(s *KVStore, key string, delta int64) {
	h, there := m.book[key]
	old, err := strconv.ParseInt(h.value, 10, 64)
	sum, got := s.Incr(key, delta, time.Second)
	switch {
	case !there:
		h.deadline = m.deadline(time.Second)
	case err != nil:
		m.wants(ErrNotInteger, got)
		return
	case delta > 0 && old > math.MaxInt64-delta || delta < 0 && old < math.MinInt64-delta:
		m.wants(ErrOverflow, got)
		return
	}
	m.wants(nil, got)
	if sum != old+delta {
		m.t.Fatalf("Incr %s by %d: got %d, want %d", key, delta, sum, old+delta)
	}
	m.book[key] = holding{strconv.FormatInt(sum, 10), h.deadline}
}

func (m *machine) expire(s *KVStore, key string, arg byte) {
	ttl := time.Duration(arg) * time.Millisecond
	err := s.Expire(key, ttl)
	h, there := m.book[key]
	if !there {
		m.wants(ErrKeyNotFound, err)
		return
	}
	m.wants(nil, err)
	m.book[key] = holding{h.value, m.deadline(ttl)}
}

// reopen closes and opens. What the store has seen of time it keeps to the
// second only, so the wall is set to it.
func (m *machine) reopen() {
	m.wants(nil, m.s.Close())
	m.clock.set(m.latest)
	m.open()
	if r := m.s.Stats().Recovery; !r.Clean || r.TornBytes != 0 {
		m.t.Fatalf("closed, and recovered: %+v", r)
	}
}

// kill lets the process die. The kernel has all that was acknowledged.
func (m *machine) kill() {
	d := m.d.KillClone()
	m.wants(nil, m.s.Close())
	m.d = d
	m.clock.set(m.latest)
	m.open()
	if r := m.s.Stats().Recovery; r.TornBytes != 0 {
		m.t.Fatalf("killed between two operations, and torn: %+v", r)
	}
}

// deadline returns that of a ttl from now, rounded up.
func (m *machine) deadline(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return asDeadline(m.latest.Add(ttl))
}

func (m *machine) wants(want, err error) {
	m.t.Helper()
	if !errors.Is(err, want) {
		m.t.Fatalf("got %v, want %v", err, want)
	}
}

// check compares the whole store with the whole map.
func (m *machine) check() {
	m.t.Helper()
	m.look()
	got, err := holdings(m.s)
	if err != nil {
		m.t.Fatal(err)
	}
	if !got.equal(m.book) {
		m.t.Fatalf("got %v\nwant %v", got, m.book)
	}
}
