package idempotency_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/storetest"
)

// TestRace08KilledInTheMiddleOfTheRecordOfACompletion. The other steps are in
// TestKilledAtEachStep.
func TestRace08KilledInTheMiddleOfTheRecordOfACompletion(t *testing.T) {
	clock, dir := storetest.NewClock(), t.TempDir()
	opts := kv.Options{DataDir: dir, SegmentSize: 16 << 10, Now: clock.Now}
	s := newStage(t, opts)
	token := s.vanish("k")
	claimed := t.TempDir()
	require.NoError(t, os.CopyFS(claimed, os.DirFS(dir)))
	outcome := idempotency.Outcome{Status: idempotency.StatusCompleted, Response: bytes.Repeat([]byte("response"), 8)}
	require.NoError(t, s.idem.Complete(t.Context(), "k", token, outcome, retention))
	name, from, to, whole := grown(t, claimed, dir)
	require.NoError(t, s.engine.Close())
	t.Logf("the completion is bytes %d to %d of %s", from, to, name)

	at := clock.Now()
	for cut := from; cut <= to; cut += max(1, (to-from)/16) {
		torn := t.TempDir()
		require.NoError(t, os.CopyFS(torn, os.DirFS(claimed)))
		writeUntil(t, filepath.Join(torn, name), from, whole[from:cut])
		clock.Pass(at.Sub(clock.Now()))
		opts.DataDir = torn
		s := newStage(t, opts)
		s.wantInProgress("k")
		r, err := s.idem.Get(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, token, r.Token)
		clock.Pass(lease)
		result, err := s.do(t.Context(), "k", returns("second", nil))
		require.NoError(t, err)
		require.True(t, result.TakenOver)
		require.Greater(t, result.Token, token)
	}
	writeUntil(t, filepath.Join(claimed, name), from, whole[from:to+1])
	opts.DataDir = claimed
	newStage(t, opts).wantReplay("k", string(outcome.Response))
}

// grown returns the file that differs between two states of a store, the first
// and the last byte that do, and what it holds in the second.
func grown(t *testing.T, before, after string) (name string, from, to int, whole []byte) {
	files, err := os.ReadDir(before)
	require.NoError(t, err)
	for _, file := range files {
		old, err := os.ReadFile(filepath.Join(before, file.Name()))
		require.NoError(t, err)
		now, err := os.ReadFile(filepath.Join(after, file.Name()))
		require.NoError(t, err)
		if bytes.Equal(old, now) {
			continue
		}
		require.Empty(t, name, "two files differ")
		old = append(old, make([]byte, len(now)-len(old))...) // where no room is reserved
		name, from, to, whole = file.Name(), 0, len(old)-1, now
		for old[from] == now[from] {
			from++
		}
		for old[to] == now[to] {
			to--
		}
	}
	require.NotEmpty(t, name)
	return name, from, to, whole
}

func writeUntil(t *testing.T, name string, from int, data []byte) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(data, int64(from))
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
