package kv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestUpdateModel does random transactions to a store and to a ledger. After
// each write a transaction must see what the ledger has, and half of them end
// with an error. Time passes, segments are compacted, the store is reopened.
func TestUpdateModel(t *testing.T) {
	for name, policy := range policies() {
		t.Run(name, func(t *testing.T) {
			t.Logf("-seed %d", *seed)
			rng := randomFor("tx model", name)
			d, clock := newDisk(t), newHandClock()
			opts := onDisk(d, clock)
			opts.Sync = policy
			w := newScribeWith(t, opts, clock, ledger{})
			for round := range fewer(1500) {
				w.transact(rng)
				clock.pass(time.Duration(rng.IntN(300)) * time.Millisecond)
				w.book = w.book.at(clock.millis())
				switch round % 100 {
				case 30:
					require.NoError(t, w.s.Compact(t.Context()))
				case 60:
					w.s.engine.expire()
				case 99:
					w.reopen(d)
					requireHoldings(t, w.book, w.s, fmt.Sprint("round ", round))
				}
			}
			requireHoldings(t, w.book, w.s, "at the end")
			w.reopen(d)
			requireHoldings(t, w.book, w.s, "opened again")
			require.NoError(t, w.s.Close())
		})
	}
}

// transact does one transaction.
func (w *scribe) transact(rng *rand.Rand) {
	book := w.book.clone()
	fails := rng.IntN(2) == 0
	err := w.s.Update(func(tx *Tx) error {
		for range 1 + rng.IntN(6) {
			w.step(tx, book, rng)
			got := ledger{}
			for item, err := range tx.Scan("") {
				require.NoError(w.t, err)
				got[item.Key] = holding{string(item.Value), asDeadline(item.Deadline)}
			}
			require.Equal(w.t, book, got)
		}
		if fails {
			return errFn
		}
		return nil
	})
	if fails {
		require.Equal(w.t, errFn, err)
		return
	}
	require.NoError(w.t, err)
	w.book = book
}

// step does one write of a transaction, and asks for its key.
func (w *scribe) step(tx *Tx, book ledger, rng *rand.Rand) {
	key := fmt.Sprint("k", rng.IntN(8))
	h, exists := book[key]
	ttl := time.Duration(rng.IntN(3)) * time.Second
	missing := func(err error) {
		if exists {
			require.NoError(w.t, err)
		} else {
			require.ErrorIs(w.t, err, ErrKeyNotFound)
		}
	}
	switch rng.IntN(6) {
	case 0, 1:
		h = holding{strconv.FormatInt(rng.Int64N(1<<(1+rng.IntN(60))), 10), w.deadline(ttl)}
		require.NoError(w.t, tx.Set(key, []byte(h.value), ttl))
		book[key] = h
	case 2:
		require.NoError(w.t, tx.Delete(key))
		delete(book, key)
	case 3:
		missing(tx.Expire(key, ttl))
		if exists {
			book[key] = holding{h.value, w.deadline(ttl)}
		}
	case 4:
		if !exists {
			h = holding{"0", w.deadline(ttl)}
		}
		old, err := strconv.ParseInt(h.value, 10, 64)
		require.NoError(w.t, err)
		sum, err := tx.Incr(key, 5, ttl)
		require.NoError(w.t, err)
		require.Equal(w.t, old+5, sum)
		book[key] = holding{strconv.FormatInt(sum, 10), h.deadline}
	case 5:
		require.NoError(w.t, tx.SetUntil(key, []byte("7"), w.clock.now().Add(ttl-time.Second)))
		if delete(book, key); ttl > time.Second {
			book[key] = holding{"7", w.deadline(ttl - time.Second)}
		}
	}
	value, err := tx.Get(key)
	if h, exists = book[key]; exists {
		require.Equal(w.t, h.value, string(value))
	} else if !errors.Is(err, ErrKeyNotFound) {
		require.ErrorIs(w.t, err, ErrKeyNotFound)
	}
	require.Equal(w.t, exists, tx.Exists(key))
}
