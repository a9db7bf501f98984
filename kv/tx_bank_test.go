package kv

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// bank is accounts whose total never changes.
type bank struct {
	*KVStore
	t *testing.T
}

const (
	accounts = 12
	riches   = 100 // in each account at first
)

func account(i int) string { return fmt.Sprintf("account:%02d", i) }

func (b bank) found() {
	b.t.Helper()
	require.NoError(b.t, b.Update(func(tx *Tx) error {
		var err error
		for i := range accounts {
			err = errors.Join(err, tx.Set(account(i), []byte(strconv.Itoa(riches)), 0))
		}
		return err
	}))
}

// transfer moves money, and closes an account that is empty.
func (b bank) transfer(rng *rand.Rand) error {
	from, to := account(rng.IntN(accounts)), account(rng.IntN(accounts))
	sum := int64(1 + rng.IntN(riches))
	return b.Update(func(tx *Tx) error {
		left, err := tx.Incr(from, -sum, 0)
		if err != nil || left < 0 {
			return errors.Join(errPoor, err)
		}
		if _, err := tx.Incr(to, sum, 0); err != nil {
			return err
		}
		if left == 0 && from != to {
			return tx.Delete(from)
		}
		return tx.Expire(to, time.Duration(rng.IntN(2))*time.Hour)
	})
}

var errPoor = errors.New("too poor")

// audit adds up what a scan yields.
func audit(scan func(yield func(Item, error) bool)) error {
	total := 0
	for item, err := range scan {
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(item.Value))
		if err != nil {
			return err
		}
		total += n
	}
	if total != accounts*riches {
		return fmt.Errorf("the total is %d, want %d", total, accounts*riches)
	}
	return nil
}

// work transfers and audits from all sides at once.
func (b bank) work(round, each int) {
	var tellers, auditors sync.WaitGroup
	done := make(chan struct{})
	for w := range 6 {
		rng := randomFor("bank", round, w)
		handle := bank{b.WithSync(SyncPolicy(w % 3)), b.t}
		tellers.Go(func() {
			for range each {
				if err := handle.transfer(rng); err != nil && !errors.Is(err, errPoor) {
					b.t.Error(err)
				}
			}
		})
	}
	for _, look := range []func() error{
		func() error { return audit(b.Scan("account:")) },
		func() error { return b.View(func(n *Snapshot) error { return audit(n.Scan("")) }) },
		func() error {
			return b.Update(func(tx *Tx) error {
				return errors.Join(audit(tx.Scan("account:")), tx.Set("account:audited", []byte("0"), 0))
			})
		},
		func() error { return b.Compact(context.Background()) },
	} {
		auditors.Go(func() {
			for {
				if err := look(); err != nil {
					b.t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	tellers.Wait()
	close(done)
	auditors.Wait()
}

// TestUpdateBank moves money between accounts on many goroutines, under every
// policy at once, beside audits and compactions. The total is always the same,
// also after reopening, and after a power loss.
func TestUpdateBank(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	b := bank{mustOpen(t, onDisk(d, clock)), t}
	b.found()
	for round := range 3 {
		b.work(round, fewer(100))
		require.NoError(t, audit(b.Scan("account:")))
		_, err := b.Verify(t.Context())
		require.NoError(t, err)
		for n := range 20 {
			image := d.CrashClone(randomFor("bank image", round, n), min(vfs.Keep(n), vfs.Random))
			lost := mustOpenAgain(t, onDisk(image, clock))
			require.NoError(t, audit(lost.Scan("account:")), "image %d", n)
			require.NoError(t, lost.Close())
		}
		require.NoError(t, b.Close())
		b.KVStore = mustOpenAgain(t, onDisk(d, clock))
		require.NoError(t, audit(b.Scan("account:")))
	}
	require.NoError(t, b.Close())
}

// TestUpdateIsSeenWhole writes one number under many keys, again and again,
// and looks at all of them from two sides meanwhile.
func TestUpdateIsSeenWhole(t *testing.T) {
	const keys = 20
	for name, policy := range policies() {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, onDisk(newDisk(t), newHandClock())).WithSync(policy)
			var watchers sync.WaitGroup
			done := make(chan struct{})
			for range 2 {
				watchers.Go(func() {
					for {
						select {
						case <-done:
							return
						default:
						}
						seen := map[string]int{}
						for item, err := range s.Scan("") {
							if err != nil {
								t.Error(err)
							}
							seen[string(item.Value)]++
						}
						if len(seen) > 1 {
							t.Errorf("half of a transaction: %v", seen)
							return
						}
					}
				})
			}
			for i := range fewer(1000) {
				require.NoError(t, s.Update(func(tx *Tx) error {
					var err error
					for key := range keys {
						err = errors.Join(err, tx.Set(account(key), []byte(strconv.Itoa(i)), 0))
					}
					return err
				}))
			}
			close(done)
			watchers.Wait()
			require.NoError(t, s.Close())
		})
	}
}

// TestUpdateCountsExactly has many goroutines count one key, by transactions
// and by Incr.
func TestUpdateCountsExactly(t *testing.T) {
	const workers, each = 60, 20
	s := mustOpen(t, onDisk(newDisk(t), newHandClock()))
	var all sync.WaitGroup
	for w := range workers {
		handle := s.WithSync(SyncPolicy(w % 3))
		all.Go(func() {
			for range each {
				if _, err := handle.Incr("n", 1, 0); err != nil {
					t.Error(err)
				}
				err := handle.Update(func(tx *Tx) error { _, err := tx.Incr("n", 1, 0); return err })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := s.Get("n")
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(2*workers*each), string(got))
	require.NoError(t, s.Close())
}
