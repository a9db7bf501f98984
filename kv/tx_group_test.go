package kv

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUpdatesShareASync has transactions count while a sync is running: each
// builds on the one before, and one more sync tells them all.
func TestUpdatesShareASync(t *testing.T) {
	s, g := newGate(t)
	count := func() error {
		return s.Update(func(tx *Tx) error {
			_, err := tx.Incr("counter", 1, time.Hour)
			return errors.Join(err, tx.Set("other", nil, 0))
		})
	}
	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, count()) })
	<-g.arrived
	const followers = 10
	for range followers {
		all.Go(func() { assert.NoError(t, count()) })
	}
	waiting(t, s, 2*followers)
	require.False(t, s.Exists("counter"), "invisible until it is durable")
	g.leave <- nil
	<-g.arrived
	g.leave <- nil
	all.Wait()
	got, err := s.Get("counter")
	require.NoError(t, err)
	require.Equal(t, "11", string(got))
	require.Equal(t, int64(2), g.count.Load(), "syncs")
}

// TestUpdateSeesWhatWaits has every kind of write wait for its sync, and a
// transaction that rests on them wait too, whatever its own policy and
// whether it writes or not.
func TestUpdateSeesWhatWaits(t *testing.T) {
	s, g := newGate(t)
	fast := s.WithSync(SyncNever)
	for _, key := range []string{"k1", "k2", "k3", "k4"} {
		require.NoError(t, fast.Set(key, []byte("old"), time.Hour))
	}
	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, s.Set("k0", []byte("new"), 0)) })
	<-g.arrived // it is settling, the others are in the next group
	all.Go(func() {
		assert.NoError(t, s.Update(func(tx *Tx) error {
			return errors.Join(tx.Set("k1", []byte("new"), 0), tx.Delete("k2"), tx.Expire("k3", 0), tx.Expire("k4", 2*time.Hour))
		}))
	})
	waiting(t, s, 4)
	all.Go(func() { assert.NoError(t, s.Set("k4", []byte("new"), 0)) })
	waiting(t, s, 5)
	all.Go(func() { assert.NoError(t, s.Expire("k4", 3*time.Hour)) })
	waiting(t, s, 6)

	want := map[string]string{"k0": "new", "k1": "new", "k3": "old", "k4": "new"}
	look := func(tx *Tx) {
		got := map[string]string{}
		for item, err := range tx.Scan("k") {
			assert.NoError(t, err)
			got[item.Key] = string(item.Value)
			one, err := tx.GetItem(item.Key)
			assert.NoError(t, err)
			assert.Equal(t, item, one)
			assert.Equal(t, item.Key != "k4", item.Deadline.IsZero())
		}
		assert.Equal(t, want, got)
		assert.False(t, tx.Exists("k2"))
	}
	results := make(chan error, 3)
	looked := make(chan bool)
	go func() {
		results <- fast.Update(func(tx *Tx) error { look(tx); looked <- true; return nil })
	}()
	<-looked
	go func() {
		results <- fast.Update(func(tx *Tx) error { look(tx); looked <- true; return errFn })
	}()
	<-looked
	go func() {
		results <- fast.Update(func(tx *Tx) error { look(tx); return tx.Set("seen", nil, 0) })
	}()
	waiting(t, s, 7)
	require.False(t, s.Exists("seen"), "what it rests on is not seen either")
	require.Empty(t, results)

	g.leave <- nil
	<-g.arrived
	require.Empty(t, results)
	g.leave <- nil
	all.Wait()
	require.ErrorIs(t, errors.Join(<-results, <-results, <-results), errFn)
	require.True(t, s.Exists("seen"))
}

// TestUpdateWaitsWhole writes two keys under SyncNever, one of which waits
// for a sync.
func TestUpdateWaitsWhole(t *testing.T) {
	s, g := newGate(t)
	fast := s.WithSync(SyncNever)
	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, s.Set("a", []byte("1"), 0)) })
	<-g.arrived
	all.Go(func() {
		assert.NoError(t, fast.Update(func(tx *Tx) error {
			return errors.Join(tx.Set("b", []byte("2"), 0), tx.Set("a", []byte("2"), 0))
		}))
	})
	waiting(t, s, 2)
	require.False(t, s.Exists("b"), "nor is the other")
	g.leave <- nil
	<-g.arrived
	require.False(t, s.Exists("b"))
	g.leave <- nil
	all.Wait()
	for _, key := range []string{"a", "b"} {
		got, err := s.Get(key)
		require.NoError(t, err)
		require.Equal(t, "2", string(got))
	}
}

// TestUpdateHearsOfAFailedSync fails the sync of what a transaction has seen.
func TestUpdateHearsOfAFailedSync(t *testing.T) {
	s, g := newGate(t)
	var all sync.WaitGroup
	all.Go(func() { assert.ErrorIs(t, s.Set("k", nil, 0), ErrPoisoned) })
	<-g.arrived
	looked := make(chan bool)
	for _, fnErr := range []error{nil, errFn} {
		all.Go(func() {
			err := s.Update(func(tx *Tx) error {
				assert.True(t, tx.Exists("k"))
				looked <- true
				return fnErr
			})
			assert.ErrorIs(t, err, ErrPoisoned)
			if fnErr != nil {
				assert.ErrorIs(t, err, fnErr)
			}
		})
		<-looked
	}
	g.leave <- errIO
	all.Wait()
	require.False(t, s.Exists("k"))
}
