package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/db"
)

// crash kills the server and starts it again.
func (b base) crash(t *testing.T) {
	t.Helper()
	script := os.Getenv("STORE_DATABASES")
	if script == "" {
		if os.Getenv("STORE_REQUIRE_SERVICES") == "1" {
			t.Fatal("STORE_DATABASES is not set, and STORE_REQUIRE_SERVICES=1")
		}
		t.Skip("STORE_DATABASES is not set: nobody can crash the server")
	}
	name := map[string]string{postgresEnv: "postgres", mariadbEnv: "mariadb"}[b.env]
	out, err := exec.Command("bash", script, "crash", name).CombinedOutput()
	require.NoError(t, err, string(out))
}

// scribe writes one entry after the other, and each in a commit with the
// count of all that are there, until it is told to stop.
type scribe struct {
	name    string
	k       store.KV
	written int // entries known to be there
	doubts  int // commits of which it had to find out
	refused int // commits that failed
	acks    *atomic.Int64
	down    *sync.RWMutex // held while the server is down
}

func (s *scribe) entry(n int) string { return fmt.Sprintf("%s:%06d", s.name, n) }

func (s *scribe) write(ctx context.Context, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		_, err := s.k.Commit(ctx, s.step()...)
		switch {
		case err == nil:
			s.written++
			s.acks.Add(1)
		case errors.Is(err, db.ErrCommitUnknown):
			s.doubts++
			if err := s.findOut(ctx); err != nil {
				return err
			}
		default:
			if err := typed(err); err != nil {
				return err
			}
			s.refused++
			s.wait()
		}
	}
}

func (s *scribe) step() []store.Change {
	count := store.Change{Key: s.name, Value: fmt.Append(nil, s.written+1)}
	return []store.Change{{Key: s.entry(s.written), If: store.Absent}, count}
}

// findOut asks until it is told whether the commit was made.
func (s *scribe) findOut(ctx context.Context) error {
	for {
		_, err := s.k.Get(ctx, s.entry(s.written))
		switch {
		case err == nil:
			s.written++
			return nil
		case errors.Is(err, store.ErrNotFound):
			return nil
		}
		if err := typed(err); err != nil {
			return err
		}
		s.wait()
	}
}

// wait waits until the server is up, if it is down.
func (s *scribe) wait() {
	s.down.RLock()
	defer s.down.RUnlock()
}

// typed returns an error for an error that is not of the package's kinds.
func typed(err error) error {
	var own *db.Error
	if !errors.As(err, &own) || !errors.Is(err, db.ErrQueryFailed) && !errors.Is(err, db.ErrTransactionFailed) {
		return fmt.Errorf("%T is no error of db: %w", err, err)
	}
	return nil
}

// check compares what is there with what was written: no more and no less.
func (s *scribe) check(t *testing.T) {
	n := 0
	for item, err := range s.k.Scan(t.Context(), s.name+":", "") {
		require.NoError(t, err)
		require.Equal(t, s.entry(n), item.Key)
		n++
	}
	require.Equal(t, s.written, n)
	count, err := s.k.Get(t.Context(), s.name)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(n), string(count.Value))
}

// TestAServerThatCrashes loses nothing that was acknowledged and does no half
// of a commit; who is told no can rely on it, and who is told nothing can find
// out. No connection is left behind.
func TestAServerThatCrashes(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		if b.env == "" {
			t.Skip("SQLite has no server: see TestAProcessThatIsKilled")
		}
		k := b.kv(t, sqlDB, db.KVOptions{})
		stop := make(chan struct{})
		over := sync.OnceFunc(func() { close(stop) })
		defer over()
		var acks atomic.Int64
		var down sync.RWMutex
		var all sync.WaitGroup
		scribes := make([]*scribe, 6)
		for i := range scribes {
			scribes[i] = &scribe{name: fmt.Sprintf("s%d", i), k: k, acks: &acks, down: &down}
			all.Go(func() {
				if err := scribes[i].write(context.Background(), stop); err != nil {
					t.Error(err)
				}
			})
		}
		more := func(n int64) {
			target := acks.Load() + n
			require.Eventually(t, func() bool { return acks.Load() >= target || t.Failed() }, time.Minute, time.Millisecond)
		}
		for range 2 {
			more(100)
			func() {
				down.Lock()
				defer down.Unlock()
				b.crash(t)
			}()
		}
		more(100)
		over()
		all.Wait()
		doubts, refused := 0, 0
		for _, s := range scribes {
			s.check(t)
			doubts, refused = doubts+s.doubts, refused+s.refused
		}
		require.Positive(t, doubts+refused, "nobody has noticed the crash")
		allReturned(t, sqlDB)
		t.Logf("%d commits acknowledged, %d refused, %d in doubt", acks.Load(), refused, doubts)
	})
}

// writeForEver writes entries and tells of each when it is acknowledged.
func writeForEver(k store.KV) error {
	s := &scribe{name: "s", k: k}
	for {
		if _, err := k.Commit(context.Background(), s.step()...); err != nil {
			return err
		}
		s.written++
		fmt.Println(s.written)
	}
}

// TestAProcessThatIsKilled while it writes to SQLite, which is in it, has
// written what it was acknowledged, and at most the one entry more of which
// it could not tell.
func TestAProcessThatIsKilled(t *testing.T) {
	b := bases()[0]
	dsn := b.dsn(t)
	sqlDB, err := db.Open(db.DefaultConfig(b.driver, dsn))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sqlDB.Close()) })
	k := b.kv(t, sqlDB, db.KVOptions{Table: "kv_killed"})
	told := 0
	for range 3 {
		_, err := k.Commit(t.Context(), store.Change{Key: "s", Delete: true})
		require.NoError(t, err)
		for item := range k.Scan(t.Context(), "s:", "") {
			_, err := k.Commit(t.Context(), store.Change{Key: item.Key, Delete: true})
			require.NoError(t, err)
		}
		cmd, _, out, complaints := start(t, "write", 0, dsn, "kv_killed")
		for told = 0; told < 100; {
			_, err := fmt.Fscanln(out, &told)
			require.NoError(t, err, complaints.String())
		}
		require.NoError(t, cmd.Process.Kill())
		for { // what it had said before it was killed
			var more int
			if _, err := fmt.Fscanln(out, &more); err != nil {
				break
			}
			told = more
		}
		require.Error(t, cmd.Wait())

		s := &scribe{name: "s", k: k, written: told}
		if _, err := k.Get(t.Context(), s.entry(told)); err == nil {
			s.written++
		}
		s.check(t)
	}
	t.Logf("the last had told of %d", told)
}
