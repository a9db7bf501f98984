package dropin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/kv/dropin"
)

// house is a store that can be reopened, with a clock that is moved by hand.
type house struct {
	*kv.KVStore
	t    *testing.T
	time time.Time
	dir  string
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, dir: t.TempDir(), time: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	h.open()
	t.Cleanup(func() {
		_, err := h.Verify(context.Background())
		require.NoError(t, err)
		require.NoError(t, h.Close())
	})
	return h
}

func (h *house) open() {
	var err error
	h.KVStore, err = kv.NewKVStore(kv.Options{
		DataDir:       h.dir,
		Now:           func() time.Time { return h.time },
		SweepInterval: -1, // nobody but the test asks for the time
		SegmentSize:   64 << 10,

		CompactInterval: -1,
	})
	require.NoError(h.t, err)
}

func (h *house) reopen() {
	require.NoError(h.t, h.Close())
	h.open()
}

// done returns a context that is.
func done() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

var errMiss = errors.New("acme/autocert: certificate cache miss")

// TestManyShareAStore uses the same names in each, with the application's own
// beside them.
func TestManyShareAStore(t *testing.T) {
	h := newHouse(t)
	sessions := dropin.NewSCSStore(h.KVStore, "session:")
	certs := dropin.NewAutocertCache(h.KVStore, "cert:", errMiss)
	one := dropin.NewFiberStorage(h.KVStore, "fiber:")
	two := dropin.NewFiberStorage(h.KVStore, "fiber2:")
	require.NoError(t, h.Set("k", []byte("own"), 0))
	require.NoError(t, sessions.Commit("k", []byte("session"), h.time.Add(time.Hour)))
	require.NoError(t, certs.Put(context.Background(), "k", []byte("cert")))
	require.NoError(t, one.Set("k", []byte("one"), 0))
	require.NoError(t, two.Set("k", []byte("two"), 0))
	require.Equal(t, 5, h.Len())

	require.NoError(t, one.Reset())
	require.NoError(t, one.Close())
	require.NoError(t, one.Close(), "again")
	require.Equal(t, 4, h.Len())
	for key, want := range map[string]string{"k": "own", "session:k": "session", "cert:k": "cert", "fiber2:k": "two"} {
		got, err := h.Get(key)
		require.NoError(t, err, key)
		require.Equal(t, want, string(got))
	}
}

// TestPrefixesThatCouldMix would have Reset delete what is another's.
func TestPrefixesThatCouldMix(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.Set("k", nil, 0))
	for _, prefix := range []string{"", ":", "fiber", "fiber:a:"} {
		for what, err := range everything(h.KVStore, context.Background(), prefix) {
			require.ErrorIs(t, err, kv.ErrInvalidOptions, "%s under %q", what, prefix)
		}
	}
	require.Equal(t, 1, h.Len())
}

func TestContextIsDone(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.Set("p:k", []byte("v"), 0))
	before := h.Stats().LastSeq
	for what, err := range everything(h.KVStore, done(), "p:") {
		require.ErrorIs(t, err, context.Canceled, what)
	}
	require.Equal(t, before, h.Stats().LastSeq, "nothing was written")
}

func TestAfterClose(t *testing.T) {
	h := newHouse(t)
	require.NoError(t, h.Close())
	for what, err := range everything(h.KVStore, context.Background(), "p:") {
		require.ErrorIs(t, err, kv.ErrStoreClosed, what)
	}
	h.open()
}

// everything calls every method that takes a context, and returns the errors.
func everything(s *kv.KVStore, ctx context.Context, prefix string) map[string]error {
	sessions := dropin.NewSCSStore(s, prefix)
	certs := dropin.NewAutocertCache(s, prefix, errMiss)
	storage := dropin.NewFiberStorage(s, prefix)
	errs := map[string]error{}
	_, _, errs["FindCtx"] = sessions.FindCtx(ctx, "k")
	errs["CommitCtx"] = sessions.CommitCtx(ctx, "k", []byte("v"), s.Now().Add(time.Hour))
	errs["CommitCtx, expired"] = sessions.CommitCtx(ctx, "k", []byte("v"), time.Time{})
	errs["DeleteCtx"] = sessions.DeleteCtx(ctx, "k")
	_, errs["AllCtx"] = sessions.AllCtx(ctx)
	_, errs["Get"] = certs.Get(ctx, "k")
	errs["Put"] = certs.Put(ctx, "k", []byte("v"))
	errs["Delete"] = certs.Delete(ctx, "k")
	_, errs["GetWithContext"] = storage.GetWithContext(ctx, "k")
	errs["SetWithContext"] = storage.SetWithContext(ctx, "k", []byte("v"), time.Hour)
	errs["SetWithContext, expired"] = storage.SetWithContext(ctx, "k", []byte("v"), -1)
	errs["DeleteWithContext"] = storage.DeleteWithContext(ctx, "k")
	errs["ResetWithContext"] = storage.ResetWithContext(ctx)
	return errs
}
