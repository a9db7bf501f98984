package verify

import (
	"maps"
	"time"

	"github.com/spcent/plumego/store/kv"
)

func (m *machine) setNX() {
	key, value, ttl := m.key(), m.value(), m.ttl()
	_, there := m.book[key]
	done, err := m.handle().SetNX(key, []byte(value), ttl)
	m.putIf(!there, done, err, key, holding{value: value, deadline: m.deadline(ttl)})
}

func (m *machine) compareAndSwap() {
	key, value, ttl := m.key(), m.value(), m.ttl()
	old, holds := m.expected(key)
	done, err := m.handle().CompareAndSwap(key, []byte(old), []byte(value), ttl)
	m.putIf(holds, done, err, key, holding{value: value, deadline: m.deadline(ttl)})
}

// putIf holds the answer of a conditional write to what it should be.
func (m *machine) putIf(want, done bool, err error, key string, h holding) {
	if want && !m.fits(err) {
		want = false
	} else {
		m.wants(nil, err)
	}
	if done != want {
		m.t.Fatalf("a write of %q under a condition: got %t, want %t", key, done, want)
	}
	if done {
		m.book[key] = h
	}
}

func (m *machine) compareAndDelete() {
	key := m.key()
	old, holds := m.expected(key)
	done, err := m.handle().CompareAndDelete(key, []byte(old))
	m.wants(nil, err)
	if done != holds {
		m.t.Fatalf("CompareAndDelete of %q: got %t, want %t", key, done, holds)
	}
	if done {
		delete(m.book, key)
	}
}

// expected draws the value that a key may have, and says whether it has it.
func (m *machine) expected(key string) (value string, holds bool) {
	h, there := m.book[key]
	switch m.pick("expected", 4) {
	case 0:
		value = m.value()
	case 1:
		value = h.value + "x"
	default:
		value = h.value // of a key that is not there: empty
	}
	return value, there && value == h.value
}

// update does a transaction, which ends well, with an error or with a panic.
// At times somebody writes beside it, and then it must run again.
func (m *machine) update() {
	var tx *kv.Tx
	var draft book // the book as the transaction sees it
	runs, overtaken := 0, false
	ending := one(m, "ending", commits, commits, fails, panics)
	err := stopped(func() error {
		return m.handle().Update(func(t *kv.Tx) error {
			runs++
			tx, draft = t, maps.Clone(m.book)
			for range 1 + m.pick("steps", 5) {
				m.step(tx, draft)
				m.sees(tx, draft)
			}
			if runs == 1 && m.pick("overtake", 4) == 0 {
				before := maps.Clone(m.book)
				m.set()
				m.check()
				overtaken = !maps.Equal(m.book, before) // it may have been full
				m.sees(tx, draft)
			}
			switch ending {
			case fails:
				return errStop
			case panics:
				panic(errStop)
			}
			return nil
		})
	})
	m.wants(kv.ErrTxDone, tx.Delete("k"))
	if ending != commits {
		m.wants(errStop, err)
		return
	}
	// One that was overtaken and did not run again must have written nothing.
	if m.fits(err) && (runs > 1 || !overtaken) {
		m.book = draft
	}
}

// ending is how a transaction ends.
type ending int

const (
	commits ending = iota
	fails
	panics
)

// stopped returns fn's error, or errStop if fn panics with it.
func stopped(fn func() error) (err error) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case errStop:
			err = errStop
		default:
			panic(r)
		}
	}()
	return fn()
}

// sees compares all that a transaction sees with what it should.
func (m *machine) sees(tx *kv.Tx, b book) {
	m.wants(nil, b.lists(b.between("", ""), tx.Scan("")))
	prefix, key := m.prefix(), m.key()
	m.wants(nil, b.lists(b.beginning(prefix), tx.Scan(prefix)))
	item, err := tx.GetItem(key)
	m.found(key, b, item, err)
	if _, there := b[key]; tx.Exists(key) != there {
		m.t.Fatalf("Exists of %q is not %t", key, there)
	}
}

// found compares what was found of a key with a book.
func (m *machine) found(key string, b book, item kv.Item, err error) {
	h, there := b[key]
	if !there {
		m.wants(kv.ErrKeyNotFound, err)
		return
	}
	m.wants(nil, err)
	if got := asHolding(item); item.Key != key || got != h {
		m.t.Fatalf("got %q as %+v, want %q as %+v", item.Key, got, key, h)
	}
}

// step does one write of a transaction, or one that must fail and leaves the
// rest as it was. A value that it has set itself has no version yet.
func (m *machine) step(tx *kv.Tx, b book) {
	key, value, ttl := m.key(), m.value(), m.ttl()
	h, there := b[key]
	written := holding{value: value, deadline: m.deadline(ttl)}
	switch one(m, "step", "set", "set until", "delete", "expire", "incr", "refused") {
	case "set":
		m.wants(nil, tx.Set(key, []byte(value), ttl))
		b[key] = written
	case "set until":
		deadline := time.UnixMilli(m.now + one[int64](m, "until", -1, 0, 1, 1000))
		m.wants(nil, tx.SetUntil(key, []byte(value), deadline))
		b[key] = holding{value: value, deadline: deadline.UnixMilli()}
		if deadline.UnixMilli() <= m.now {
			delete(b, key)
		}
	case "delete":
		m.wants(nil, tx.Delete(key))
		delete(b, key)
	case "expire":
		err := tx.Expire(key, ttl)
		if !there {
			m.wants(kv.ErrKeyNotFound, err)
			return
		}
		m.wants(nil, err)
		h.deadline = written.deadline
		b[key] = h
	case "incr":
		delta := one[int64](m, "delta", 1, -1, 1<<62)
		sum, want := m.sum(b, key, delta, ttl)
		_, err := tx.Incr(key, delta, ttl)
		m.wants(want, err)
		if want == nil {
			b[key] = sum
		}
	case "refused":
		m.wants(kv.ErrInvalidKey, tx.Set("", nil, 0))
		m.wants(kv.ErrInvalidTTL, tx.Set(key, nil, -1))
		m.wants(kv.ErrInvalidTTL, tx.Expire(key, -1))
	}
}
