package idempotency_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
)

// A process is killed at each step of an operation, and at random moments of
// many. The child is this test binary. The effect of Do is a line in a file;
// that of DoTx a counter in the engine.

const (
	killDir  = "IDEMPOTENCY_KILL_DIR" // its presence makes this a child
	killForm = "IDEMPOTENCY_KILL_FORM"
	killStep = "IDEMPOTENCY_KILL_STEP"
	killRun  = "IDEMPOTENCY_KILL_RUN"
)

// The forms of an operation.
const (
	formDo         = "Do"
	formAtMostOnce = "Do, at most once"
	formTx         = "DoTx"
)

// The steps at which a child stops, says so, and waits for its end.
const (
	stepClaimed   = "claimed"   // the claim is synced
	stepDone      = "done"      // the effect was made, or all of it returned
	stepWritten   = "written"   // the outcome is, but Do has not returned
	stepCompleted = "completed" // Do has returned
)

// site is where operations of one form have their effect.
type site struct {
	testing.TB
	form    string
	dir     string
	engine  *kv.KVStore
	idem    *idempotency.KVStore
	at      func(step string)
	effects *os.File
}

func newSite(t testing.TB, dir, form string, at func(step string), now func() time.Time) *site {
	s := &site{TB: t, form: form, dir: dir, at: at}
	var err error
	s.engine, err = kv.NewKVStore(kv.Options{DataDir: filepath.Join(dir, "store"), SegmentSize: 64 << 10, Now: now})
	require.NoError(t, err)
	b := &between{KV: s.engine.KV(), Clock: s.engine.KV().(store.Clock)}
	written := func(_ context.Context, commit func() ([]uint64, error), changes []store.Change) ([]uint64, error) {
		versions, err := commit()
		if value := changes[len(changes)-1].Value; err == nil && len(value) > 1 && idempotency.Status(value[1]) == idempotency.StatusCompleted {
			at(stepWritten)
		}
		return versions, err
	}
	b.onCommit.Store(&written)
	s.idem, err = idempotency.NewKVStore(b, "idem:")
	require.NoError(t, err)
	s.effects, err = os.OpenFile(filepath.Join(dir, "effects"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	return s
}

func (s *site) close() {
	require.NoError(s, s.engine.Close())
	require.NoError(s, s.effects.Close())
}

// do runs the operation of a key.
func (s *site) do(key string) (idempotency.Result, error) {
	ctx := context.Background()
	if s.form == formTx {
		return idempotency.DoTx(ctx, s.idem, key, "f", func(ctx context.Context) ([]byte, []store.Change, error) {
			s.at(stepClaimed)
			response, changes, err := increment(ctx, s.engine.KV(), "effect:"+key)
			s.at(stepDone)
			return response, changes, err
		})
	}
	list := []idempotency.Option{idempotency.Lease(30 * time.Minute)}
	if s.form == formAtMostOnce {
		list = append(list, idempotency.AtMostOnce())
	}
	return idempotency.Do(ctx, s.idem, key, "f", func(context.Context) ([]byte, error) {
		s.at(stepClaimed)
		if _, err := s.effects.WriteString(key + "\n"); err != nil {
			return nil, err
		}
		s.at(stepDone)
		return []byte("response"), nil
	}, list...)
}

// counts returns how often each key had its effect.
func (s *site) counts() map[string]int {
	counts := map[string]int{}
	if s.form == formTx {
		for item, err := range s.engine.Scan("effect:") {
			require.NoError(s, err)
			n, err := strconv.Atoi(string(item.Value))
			require.NoError(s, err)
			counts[strings.TrimPrefix(item.Key, "effect:")] = n
		}
		return counts
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "effects"))
	require.NoError(s, err)
	for key := range strings.Lines(string(text)) {
		counts[strings.TrimSpace(key)]++
	}
	return counts
}

// TestKillChild is the child. On its own it does nothing.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("this is the child process of the kill tests")
	}
	stop := os.Getenv(killStep)
	s := newSite(t, dir, os.Getenv(killForm), func(step string) {
		if step == stop {
			_, _ = os.Stdout.WriteString(step + "\n")
			select {} // until it is killed
		}
	}, nil)
	if stop != "" {
		_, err := s.do("k")
		require.NoError(t, err)
		s.at(stepCompleted)
		t.Fatalf("it was not stopped at %s", stop)
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s/%d/%d", os.Getenv(killRun), g, i)
				_, err := s.do(key)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = os.Stdout.WriteString(key + "\n")
			}
		})
	}
	all.Wait()
}

// killed runs a child, kills it after so many lines of its output, and
// returns them.
func killed(t *testing.T, lines int, env ...string) (said []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKillChild$")
	child.Env = append(os.Environ(), env...)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		said = append(said, scanner.Text())
		if len(said) == lines {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.Error(t, child.Wait())
	require.GreaterOrEqual(t, len(said), lines, "%v", said)
	return said
}

// afterwards is a time at which the lease of any child is over.
func afterwards() time.Time { return time.Now().Add(time.Hour) }

func TestKilledAtEachStep(t *testing.T) {
	type promise struct {
		before   int   // effects that the child has had
		err      error // of the next who asks
		total    int   // effects after that
		replayed bool
		takeover bool
	}
	unknown := idempotency.ErrOutcomeUnknown
	for form, steps := range map[string]map[string]promise{
		formDo: {
			stepClaimed:   {total: 1, takeover: true},
			stepDone:      {before: 1, total: 2, takeover: true},
			stepWritten:   {before: 1, total: 1, replayed: true},
			stepCompleted: {before: 1, total: 1, replayed: true},
		},
		formAtMostOnce: {
			stepClaimed:   {err: unknown},
			stepDone:      {before: 1, total: 1, err: unknown},
			stepWritten:   {before: 1, total: 1, replayed: true},
			stepCompleted: {before: 1, total: 1, replayed: true},
		},
		formTx: {
			stepClaimed:   {total: 1},
			stepDone:      {total: 1},
			stepWritten:   {before: 1, total: 1, replayed: true},
			stepCompleted: {before: 1, total: 1, replayed: true},
		},
	} {
		for step, want := range steps {
			t.Run(form+", "+step, func(t *testing.T) {
				dir := t.TempDir()
				said := killed(t, 1, killDir+"="+dir, killForm+"="+form, killStep+"="+step)
				require.Equal(t, []string{step}, said)

				s := newSite(t, dir, form, func(string) {}, time.Now)
				require.Equal(t, want.before, s.counts()["k"])
				if want.takeover || want.err != nil { // the lease is honoured
					_, err := s.do("k")
					require.ErrorIs(t, err, idempotency.ErrInProgress)
				}
				s.close()

				s = newSite(t, dir, form, func(string) {}, afterwards)
				r, err := s.do("k")
				require.ErrorIs(t, err, want.err)
				require.Equal(t, want.replayed, r.Replayed)
				require.Equal(t, want.takeover, r.TakenOver)
				_, err = s.do("k")
				require.ErrorIs(t, err, want.err)
				require.Equal(t, want.total, s.counts()["k"])
				_, err = s.engine.Verify(t.Context())
				require.NoError(t, err)
				s.close()
			})
		}
	}
}

// TestKilledAtRandom kills a child among many operations, again and again, and
// counts the effects of all: of those that were acknowledged, and of those
// that are tried again.
func TestKilledAtRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("IDEMPOTENCY_KILL_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	rounds := 5
	if testing.Short() {
		rounds = 2
	}
	for _, form := range []string{formDo, formAtMostOnce, formTx} {
		t.Run(form, func(t *testing.T) {
			dir := t.TempDir()
			acknowledged := map[string]bool{}
			for round := range rounds {
				said := killed(t, 1+rng.IntN(100), killDir+"="+dir, killForm+"="+form, killRun+"="+strconv.Itoa(round))
				for _, key := range said {
					acknowledged[key] = true
				}
			}
			s := newSite(t, dir, form, func(string) {}, afterwards)
			cut := checkKilled(s, acknowledged)
			_, err := s.engine.Verify(t.Context())
			require.NoError(t, err)
			s.close()
			t.Logf("IDEMPOTENCY_KILL_SEED=%d: %d acknowledged, %d cut", seed, len(acknowledged), cut)
		})
	}
}

// checkKilled asks for every key that a child may have begun, and returns how
// many were cut.
func checkKilled(s *site, acknowledged map[string]bool) (cut int) {
	begun := s.counts()
	for item, err := range s.engine.Scan("idem:") {
		require.NoError(s, err)
		begun[strings.TrimPrefix(item.Key, "idem:")] += 0
	}
	for key := range acknowledged {
		require.Equal(s, 1, begun[key], "%s was acknowledged", key)
	}
	for key := range begun {
		r, err := s.do(key)
		switch {
		case acknowledged[key]:
			require.NoError(s, err)
			require.True(s, r.Replayed)
		case s.form == formAtMostOnce && err != nil:
			require.Equal(s, idempotency.ErrOutcomeUnknown, err)
			cut++
		default:
			require.NoError(s, err)
			require.Equal(s, s.form == formDo && !r.Replayed, r.TakenOver)
			if !r.Replayed {
				cut++
			}
		}
	}
	for key, n := range s.counts() {
		most := 1
		if s.form == formDo && !acknowledged[key] {
			most = 2
		}
		require.LessOrEqual(s, n, most, key)
		require.Positive(s, n, key)
	}
	return cut
}
