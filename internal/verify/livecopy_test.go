package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/spcent/plumego/store/kv"
)

// TestLiveCopy, T33, copies the directory file by file, in any order, while
// one writer writes, tiny segments fill and the compaction removes others.
// That is no way to back up a store, Backup is; but people do it, and the
// copy must then either be refused as damaged or hold what the writer had
// written up to some moment while it was made, nothing more, less or else.
//
// A failure means that such a copy opens and shows a state that never was:
// a value from one moment and a value from another, or something deleted.
func TestLiveCopy(t *testing.T) {
	root := scratch(t)
	defer os.RemoveAll(root)
	a := &author{t: t, dir: filepath.Join(root, "store"), now: map[string]string{}}
	s := open(t, kv.Options{DataDir: a.dir, SegmentSize: 1 << 10, Sync: kv.SyncNever, SweepInterval: -1, CompactInterval: 1, CompactRatio: 0.3})
	var working sync.WaitGroup
	var done atomic.Bool
	working.Go(func() { a.write(s, &done) })
	working.Go(func() { tidyUp(t, s, &done) })

	opened, refused, most := 0, 0, rounds(50)
	reached := 0 // by copies
	for n := range most {
		rng := randomFor("T33", n)
		to := filepath.Join(root, fmt.Sprint("copy", n))
		a.advance()
		slow := rng.IntN(3) == 0
		copySome(t, a.dir, to, inSomeOrder(rng), func() {
			if slow {
				a.await(max(0, rng.Int64N(30)-25))
			}
		})
		moment, err := a.read(to)
		switch {
		case errors.Is(err, kv.ErrCorrupt):
			refused++
		case err != nil:
			t.Errorf("-seed %d, copy %d: %v", *seed, n, err)
		default:
			opened++
			reached = max(reached, moment)
		}
		must(os.RemoveAll(to))
	}
	done.Store(true)
	working.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("T33: %d copies: %d opened, the last with the first %d of %d operations, %d refused as corrupt, seed %d",
		most, opened, reached, a.done.Load(), refused, *seed)
}

// inSomeOrder orders files by name, or the other way round, or as it comes.
func inSomeOrder(rng *rand.Rand) func([]fs.DirEntry) {
	return func(entries []fs.DirEntry) {
		switch rng.IntN(3) {
		case 0:
			rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		case 1:
			for i := range len(entries) / 2 {
				j := len(entries) - 1 - i
				entries[i], entries[j] = entries[j], entries[i]
			}
		}
	}
}

// author writes operations whose n-th is known to everybody.
type author struct {
	t     *testing.T
	dir   string
	begun atomic.Int64
	done  atomic.Int64

	// now is what the first past operations leave. They were done before the
	// copy was begun.
	now  map[string]string
	past int
}

// line is the n-th operation: a value for a key, or its removal.
func line(n int) (key, value string, remove bool) {
	rng := rand.New(rand.NewPCG(*seed, uint64(n)))
	key = fmt.Sprint("key-", rng.IntN(40))
	return key, fmt.Sprint(n, " ", strings.Repeat("x", rng.IntN(200))), rng.IntN(4) == 0
}

func (a *author) write(s *kv.KVStore, done *atomic.Bool) {
	for n := 0; !done.Load(); n++ {
		key, value, remove := line(n)
		a.begun.Store(int64(n + 1))
		err := s.Set(key, []byte(value), 0)
		if remove {
			err = errors.Join(err, s.Delete(key))
		}
		if err != nil {
			a.t.Error(err)
			return
		}
		a.done.Store(int64(n + 1))
	}
}

// advance lets all that is done be past.
func (a *author) advance() {
	for done := int(a.done.Load()); a.past < done; a.past++ {
		key, value, remove := line(a.past)
		a.now[key] = value
		if remove {
			delete(a.now, key)
		}
	}
}

// await returns when so many operations more are done.
func (a *author) await(some int64) {
	for until := a.done.Load() + some; a.done.Load() < until && !a.t.Failed(); {
		runtime.Gosched()
	}
}

// read opens a copy and finds the moment that it is of: after how many
// operations.
func (a *author) read(dir string) (moment int, err error) {
	begun := int(a.begun.Load())
	s, err := kv.NewKVStore(kv.Options{DataDir: dir, SegmentSize: 1 << 10, SweepInterval: -1, CompactInterval: -1})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if _, err := s.Verify(a.t.Context()); err != nil {
		return 0, fmt.Errorf("the copy opened, but is not sound: %w", err)
	}
	got := map[string]string{}
	for item, err := range s.Scan("") {
		if err != nil {
			return 0, err
		}
		got[item.Key] = string(item.Value)
	}
	return a.momentOf(got, begun)
}

// momentOf plays what was begun and may not be past until it leaves what was
// got. An operation that removes is two writes.
func (a *author) momentOf(got map[string]string, begun int) (moment int, err error) {
	now := maps.Clone(a.now)
	for n := a.past; n <= begun; n++ {
		if maps.Equal(now, got) {
			return n, nil
		}
		key, value, remove := line(n)
		now[key] = value
		if remove && !maps.Equal(now, got) {
			delete(now, key)
		}
	}
	return 0, fmt.Errorf("the copy opened with %d keys, in no state from operation %d to %d", len(got), a.past, begun)
}
