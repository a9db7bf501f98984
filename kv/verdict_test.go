package kv

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// verdict is what became of a damaged store.
type verdict int

const (
	refused verdict = iota // with a typed error, and nothing was changed
	right                  // it serves all it should
	torn                   // it has lost the last record, and says what it cut
	lost                   // it has lost more, or says nothing
)

func (v verdict) String() string {
	return [...]string{"refused", "right", "torn", "lost"}[v]
}

// tally counts verdicts.
type tally [lost + 1]int

func (c tally) String() string {
	return fmt.Sprintf("%d refused, %d right, %d torn, %d lost", c[refused], c[right], c[torn], c[lost])
}

// judge opens a damaged image of the sample, uses it, closes it, opens it
// again, and only then says what it is worth. Anything that no damage
// excuses fails the test.
func (m *sample) judge(t *testing.T, damaged image, label string) verdict {
	t.Helper()
	d := damaged.disk(t)
	m.tune(d)
	s, err := NewKVStore(onDisk(d, m.clock))
	if err != nil {
		requireRefusal(t, err, label)
		require.Empty(t, damaged.differs(imageOf(t, d)), "%s: refused, and yet this file was changed", label)
		return refused
	}
	got, err := holdings(s)
	require.NoError(t, err, label)
	v := m.page(t, got, s.Stats().Recovery, label)

	require.NoError(t, s.Set("written after the damage", []byte("x"), 0), label)
	got["written after the damage"] = holding{value: "x"}
	require.NoError(t, s.Close(), label)
	s, err = NewKVStore(onDisk(d, m.clock))
	require.NoError(t, err, label)
	again, err := holdings(s)
	require.NoError(t, err, label)
	require.Equal(t, got, again, label)
	_, err = s.Verify(context.Background())
	require.NoError(t, err, label)
	require.NoError(t, s.Close(), label)
	return v
}

// page finds the page of the sample that a store serves.
func (m *sample) page(t *testing.T, got ledger, r Recovery, label string) verdict {
	t.Helper()
	for back := range m.pages {
		switch {
		case !got.equal(m.last(back)):
			continue
		case back == 0:
			return right
		case back == 1 && r.TornBytes > 0 && r.TornFile == m.active:
			return torn
		default:
			return lost
		}
	}
	require.Equal(t, m.last(0), got, "%s: the store serves what never was", label)
	return lost
}

// requireRefusal wants one of the errors that say why files are no store.
func requireRefusal(t testing.TB, err error, label string) {
	t.Helper()
	if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotAStore) {
		require.NoError(t, err, "%s: neither ErrCorrupt nor ErrNotAStore", label)
	}
}
