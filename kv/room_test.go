package kv

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestMaxBytesIsNeverExceeded has writers store values of all sizes, as much
// as the store takes and more, delete some when it is full, and read back what
// was acknowledged, while the size is looked at all the time.
func TestMaxBytesIsNeverExceeded(t *testing.T) {
	for name, opts := range map[string]Options{
		"on disk":   {DataDir: t.TempDir()},
		"in memory": {InMemory: true},
	} {
		t.Run(name, func(t *testing.T) {
			opts.Sync, opts.MaxBytes = SyncNever, 1<<20
			s := mustOpen(t, opts)
			done := make(chan struct{})
			var writers, watcher sync.WaitGroup
			watcher.Go(func() {
				for {
					if u := s.Stats(); u.DiskBytes > opts.MaxBytes {
						t.Errorf("%d bytes", u.DiskBytes)
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
			books := make([]map[string]int, 8)
			for w := range books {
				writers.Go(func() { books[w] = fillUp(t, s, w) })
			}
			writers.Wait()
			close(done)
			watcher.Wait()
			check := func() {
				n := 0
				for _, book := range books {
					n += len(book)
					for key, size := range book {
						got, err := s.Get(key)
						require.NoError(t, err)
						require.Len(t, got, size)
					}
				}
				require.Equal(t, n, s.Len())
			}
			check()
			_, err := s.Verify(context.Background())
			require.NoError(t, err)
			t.Logf("%+v", s.Stats())
			require.NoError(t, s.Close())
			if !opts.InMemory {
				s = mustOpen(t, opts)
				check()
				require.NoError(t, s.Close())
			}
		})
	}
}

// fillUp writes until the store has said often enough that it is full,
// and returns what must be there.
func fillUp(t *testing.T, s *KVStore, w int) map[string]int {
	rng, book := randomFor("room", w), map[string]int{}
	refused := 0
	for i := 0; refused < 60; i++ {
		key, size := fmt.Sprintf("%d:%d", w, rng.IntN(400)), rng.IntN(6000)
		if i%3 == 0 {
			size %= 50
		}
		switch err := s.Set(key, make([]byte, size), 0); {
		case err == nil:
			book[key] = size
			continue
		case !errors.Is(err, ErrFull):
			t.Error(err)
			return book
		}
		refused++
		for key := range book {
			if err := s.Delete(key); err != nil {
				t.Error(err)
			}
			if delete(book, key); rng.IntN(4) == 0 {
				break
			}
		}
	}
	return book
}

// TestAFullStore goes on with everything that needs no more room.
func TestAFullStore(t *testing.T) {
	clock := newHandClock()
	opts := Options{InMemory: true, MaxBytes: minMaxBytes, Now: clock.now, SweepInterval: -1}
	s := mustOpen(t, opts)
	value := make([]byte, 1000)
	require.NoError(t, s.Set("brief", value, time.Minute))
	require.NoError(t, s.Set("counter", []byte("100"), 0))
	n := 0
	for ; ; n++ {
		err := s.Set(fmt.Sprint("key", n), value, 0)
		if errors.Is(err, ErrFull) {
			break
		}
		require.NoError(t, err)
	}
	require.InDelta(t, minMaxBytes/2/1048, n+1, 2, "half of it is for what is alive")
	for range 200 { // overwrites, among them those of pending writes
		require.NoError(t, s.Set("key0", value, 0))
		require.NoError(t, s.WithSync(SyncNever).Set("key1", value, 0))
		_, err := s.Incr("counter", 1, 0)
		require.NoError(t, err)
		require.NoError(t, s.Expire("key2", time.Hour))
	}
	require.ErrorIs(t, s.Set("key0", make([]byte, 2000), 0), ErrFull)
	got, err := s.Get("key0")
	require.NoError(t, err)
	require.Len(t, got, 1000, "a refused write leaves the old value")
	require.NoError(t, s.Set("key0", nil, 0))
	require.NoError(t, s.Set("key0", value[:900], 0))

	require.NoError(t, s.Delete("key3"))
	require.NoError(t, s.Set("another", value, 0), "in the room of a deleted key")
	require.ErrorIs(t, s.Set("yet another", value, 0), ErrFull)
	clock.pass(time.Minute)
	require.NoError(t, s.Set("yet another", value, 0), "in the room of one that has expired")
	require.ErrorIs(t, s.Set("one too many", value, 0), ErrFull)
	_, err = s.Verify(context.Background())
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestAStoreThatIsOpenedWithLessRoom can be read and deleted from.
func TestAStoreThatIsOpenedWithLessRoom(t *testing.T) {
	opts := Options{DataDir: t.TempDir(), Sync: SyncNever}
	s := mustOpen(t, opts)
	value := make([]byte, 1000)
	for i := range 200 {
		require.NoError(t, s.Set(fmt.Sprint("key", i), value, 0))
	}
	require.NoError(t, s.Close())
	opts.MaxBytes = minMaxBytes
	s = mustOpen(t, opts)
	require.ErrorIs(t, s.Set("key0", value[:900], 0), ErrFull)
	got, err := s.Get("key199")
	require.NoError(t, err)
	require.Len(t, got, 1000)
	for i := range 190 {
		require.NoError(t, s.Delete(fmt.Sprint("key", i)))
	}
	require.NoError(t, s.Compact(context.Background()))
	require.NoError(t, s.Set("key0", value, 0))
	require.NoError(t, s.Close())
	for _, bad := range []int64{-1, 1, minMaxBytes - 1} {
		opts.MaxBytes = bad
		_, err := NewKVStore(opts)
		require.ErrorIs(t, err, ErrInvalidOptions)
	}
}

// TestUpdateOfAFullStore replaces as much as it writes, or is refused whole.
func TestUpdateOfAFullStore(t *testing.T) {
	clock := newHandClock()
	s := mustOpen(t, Options{InMemory: true, MaxBytes: minMaxBytes, Now: clock.now, SweepInterval: -1, CompactInterval: -1})
	value := make([]byte, 1000)
	require.NoError(t, s.Set("brief", value, time.Minute))
	var err error
	for n := 0; err == nil; n++ {
		err = s.Set(fmt.Sprint("key", n), value, 0)
	}
	require.ErrorIs(t, err, ErrFull)
	before := collect(s.Keys(""))
	swap := func(out, in string) error {
		require.NoError(t, s.Compact(context.Background()))
		return s.Update(func(tx *Tx) error {
			return errors.Join(tx.Expire("key1", time.Hour), tx.Delete(out), tx.Set("key0", value, 0), tx.Set(in, value, 0))
		})
	}
	require.ErrorIs(t, swap("nobody", "another"), ErrFull)
	require.Equal(t, before, collect(s.Keys("")))
	ttl, err := s.TTL("key1")
	require.NoError(t, err)
	require.Zero(t, ttl, "all or nothing")

	for range 100 {
		require.NoError(t, swap("key2", "key3"))
		require.NoError(t, swap("key3", "key2"))
	}
	require.NoError(t, swap("nobody", "key3"), "in the room of a deleted key")
	require.ErrorIs(t, swap("nobody", "another"), ErrFull)
	clock.pass(time.Minute)
	require.NoError(t, swap("nobody", "another"), "in the room of one that has expired")
	require.ErrorIs(t, swap("nobody", "one too many"), ErrFull)
	require.NoError(t, s.Update(func(tx *Tx) error { return errors.Join(tx.Delete("key2"), tx.Delete("another")) }))
	_, err = s.Verify(context.Background())
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestWhatIsDyingMakesRoom holds a delete up in its sync. A write that fits
// when that is done is let in, a longer one is not.
func TestWhatIsDyingMakesRoom(t *testing.T) {
	d := newDisk(t)
	opts := onDisk(d, newHandClock())
	opts.SegmentSize, opts.MaxBytes = 64<<10, 1<<20
	s := mustOpen(t, opts)
	fast := s.WithSync(SyncNever)
	for i, length := range []int{60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000, 25_000, 8_000} {
		require.NoError(t, fast.Set(fmt.Sprint(i), make([]byte, length), 0))
	}
	require.NoError(t, s.Sync())
	left := int(s.engine.mostAlive()) - int(s.Stats().LiveBytes) + int(s.engine.log.Usage().Seals) + 8_000

	syncing, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpFileSync {
			once.Do(func() { close(syncing); <-goOn })
		}
		return nil
	})
	deleted := make(chan error)
	go func() { deleted <- s.Delete("9") }()
	<-syncing
	tooLong, fits := fast.Set("x", make([]byte, left+8), 0), fast.Set("x", make([]byte, left-8), 0)
	close(goOn)
	require.ErrorIs(t, tooLong, ErrFull)
	require.NoError(t, fits)
	require.NoError(t, <-deleted)
	require.NoError(t, s.Close())
}
