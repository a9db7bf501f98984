package kv

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
)

// TestWhatFitsIsNeverRefused has eight writers each keep within a share of its
// own, all of which together are what may be alive to the last record. They
// overwrite, delete and write anew, so the log is at its bound all the time.
func TestWhatFitsIsNeverRefused(t *testing.T) {
	const writers, keys, length = 8, 9, 400
	size := record.Size(len("key0:0"), length)
	for name, opts := range map[string]Options{
		"on disk":   {DataDir: t.TempDir()},
		"in memory": {InMemory: true},
	} {
		t.Run(name, func(t *testing.T) {
			opts.MaxBytes = max(minMaxBytes, 2*writers*keys*size)
			s := mustOpen(t, opts)
			var all sync.WaitGroup
			for w := range writers {
				all.Go(func() {
					rng := randomFor("what fits", w)
					policy := s.WithSync(SyncPolicy(w % 3))
					for i := range 60 * fewer(5) {
						key := fmt.Sprintf("key%d:%d", w, rng.IntN(keys))
						if rng.IntN(16) == 0 {
							if err := policy.Delete(key); err != nil {
								t.Errorf("delete: %v", err)
							}
						} else if err := policy.Set(key, make([]byte, length), 0); err != nil {
							t.Errorf("seed %d, writer %d, write %d: %v", *seed, w, i, err)
						}
						if u := s.Stats(); u.DiskBytes > opts.MaxBytes {
							t.Errorf("%d bytes", u.DiskBytes)
						}
					}
				})
			}
			all.Wait()
			t.Logf("%d compactions, %d waits", s.Stats().Compactions, s.Stats().CompactWaits)
			require.NoError(t, s.Close())
		})
	}
}

// TestARewriteThatEndsMeanwhile refuses a write while the index is led to a
// copy, when what is alive counts twice, and ends the rewrite before the writer
// asks for relief: the write must be tried again, for it may fit.
func TestARewriteThatEndsMeanwhile(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true, MaxBytes: minMaxBytes})
	e := s.engine
	value := make([]byte, minMaxBytes)
	e.mu.Lock()
	e.compactor.moving = true
	err := e.roomFor(mutation{kind: record.Put, key: "key", hash: e.index.Hash("key")}, value)
	e.compactor.moving = false
	e.compactor.rewrites.Add(1)
	e.mu.Unlock()
	require.ErrorIs(t, err, errCrowded)
	require.ErrorIs(t, err, ErrFull)
	require.True(t, e.relieved(err))

	err = s.Set("key", value, 0)
	require.ErrorIs(t, err, ErrFull)
	require.NotErrorIs(t, err, errCrowded)
	require.NoError(t, s.Close())
}
