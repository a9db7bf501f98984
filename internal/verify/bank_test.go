package verify

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

const (
	accounts = 16
	riches   = 100 // in each account at first
	tellers  = 6
)

// TestBank, T18, moves money between accounts on all sides at once, while
// tiny segments fill, are compacted and swept. Whoever looks at all accounts
// at one moment must find the same total: in a snapshot, a view, a scan, a
// transaction, a reader beside the writer, a restored stream, the directory
// copied under the writer, and after every death of the process.
//
// A failure means that somebody was shown half of a transaction, or that two
// of them have overwritten each other.
func TestBank(t *testing.T) {
	root := scratch(t)
	defer os.RemoveAll(root)
	b := &bank{t: t, root: root}
	b.open("life 0")
	b.found()
	most := rounds(10)
	for n := range most {
		b.work(randomFor("T18", n), 30)
		b.look("after the work", b.s.Scan(account))
		b.die(fmt.Sprint("life ", n+1))
	}
	if _, err := b.s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if err := b.s.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("T18: %d lives, %d transfers, %d of them again, %d given up, %d audits, %d copies under the writer refused, %d swept, %d rewrites, seed %d",
		most, b.made.Load(), b.again.Load(), b.givenUp.Load(), b.audits.Load(), b.refused.Load(), b.swept, b.rewrites, *seed)
}

// bank is a store of accounts whose total never changes.
type bank struct {
	t    *testing.T
	root string
	dir  string
	s    *kv.KVStore

	made, again, givenUp, audits, refused, copies atomic.Int64
	swept, rewrites                               uint64
}

// account begins the key of each account.
const account = "account:"

func accountOf(i int) string { return fmt.Sprintf("%s%02d", account, i) }

func bankOptions(dir string) kv.Options {
	return kv.Options{DataDir: dir, SegmentSize: 1 << 10, SyncEvery: time.Millisecond, SweepInterval: 1, CompactInterval: 1}
}

func (b *bank) open(life string) {
	b.dir = filepath.Join(b.root, life)
	b.s = open(b.t, bankOptions(b.dir))
}

// found gives each account its riches.
func (b *bank) found() { must(b.s.Update(endow)) }

func endow(tx *kv.Tx) error {
	for i := range accounts {
		if err := tx.Set(accountOf(i), []byte(strconv.Itoa(riches)), 0); err != nil {
			return err
		}
	}
	return nil
}

// die lets the process die when nobody is calling, and goes on with what it
// leaves.
func (b *bank) die(life string) {
	st := b.s.Stats()
	b.swept, b.rewrites = b.swept+st.Expired, b.rewrites+st.Compactions
	dead := b.s
	copyDir(b.t, b.dir, filepath.Join(b.root, life))
	must(dead.Close())
	must(os.RemoveAll(b.dir))
	b.open(life)
	b.look("after a kill", b.s.Scan(account))
}

// work has all tellers make so many transfers each, under all policies,
// beside auditors.
func (b *bank) work(rng *rand.Rand, each int) {
	var telling, auditing sync.WaitGroup
	var done atomic.Bool
	for id := range tellers {
		rng := rand.New(rand.NewPCG(rng.Uint64(), 0))
		telling.Go(func() {
			for range each {
				tr := transfer{s: b.s.WithSync(kv.SyncPolicy(rng.IntN(3))), rng: rng, teller: id}
				if err := tr.make(); err == errStop {
					b.givenUp.Add(1)
				} else if err != nil {
					b.t.Errorf("transfer: %v", err)
				}
				b.made.Add(1)
				b.again.Add(int64(tr.runs - 1))
			}
		})
	}
	for _, audit := range b.auditors() {
		auditing.Go(func() {
			for !done.Load() && !b.t.Failed() {
				audit()
				b.audits.Add(1)
			}
		})
	}
	auditing.Go(func() { tidyUp(b.t, b.s, &done) })
	telling.Wait()
	done.Store(true)
	auditing.Wait()
}

// auditors are the ways to look at all accounts at one moment.
func (b *bank) auditors() []func() {
	return []func(){
		func() { b.look("a scan", b.s.Scan(account)) },
		func() {
			b.check("a view", b.s.View(func(n *kv.Snapshot) error {
				b.look("a view", n.Scan(""))
				b.look("a view, again", n.ScanRange("", "", kv.Reverse()))
				return nil
			}))
		},
		func() {
			b.check("a transaction", b.s.Update(func(tx *kv.Tx) error {
				b.look("a transaction", tx.Scan(account))
				return nil
			}))
		},
		b.readBeside,
		b.restore,
		b.copyUnderWriter,
	}
}

// readBeside looks at the directory as another process would.
func (b *bank) readBeside() {
	opts := bankOptions(b.dir)
	opts.ReadOnly = true
	b.openAndLook("beside the writer", opts)
}

func (b *bank) restore() {
	dir := filepath.Join(b.root, fmt.Sprint("restored ", b.copies.Add(1)))
	defer os.RemoveAll(dir)
	from, to := io.Pipe()
	go func() {
		_, err := b.s.WriteTo(to)
		to.CloseWithError(err)
	}()
	err := kv.Restore(b.t.Context(), from, dir)
	from.CloseWithError(err)
	if b.check("restore", err) {
		b.openAndLook("restored", bankOptions(dir))
	}
}

// copyUnderWriter copies file by file, which may come to nothing: see
// TestLiveCopy.
func (b *bank) copyUnderWriter() {
	dir := filepath.Join(b.root, fmt.Sprint("copy ", b.copies.Add(1)))
	defer os.RemoveAll(dir)
	copySome(b.t, b.dir, dir, func([]fs.DirEntry) {}, func() {})
	b.openAndLook("copied under the writer", bankOptions(dir))
}

// openAndLook opens a directory and looks. One that is damaged may be so only
// if it was copied under the writer.
func (b *bank) openAndLook(where string, opts kv.Options) {
	s, err := kv.NewKVStore(opts)
	if errors.Is(err, kv.ErrCorrupt) && where == "copied under the writer" {
		b.refused.Add(1)
		return
	}
	if b.check(where, err) {
		b.look(where, s.Scan(account))
		b.check(where, s.Close())
	}
}

// look adds up what a scan yields.
func (b *bank) look(where string, scan iter.Seq2[kv.Item, error]) { b.check(where, audit(scan)) }

func (b *bank) check(where string, err error) bool {
	if err != nil {
		b.t.Errorf("-seed %d, %s: %v", *seed, where, err)
	}
	return err == nil
}

// audit says how the total of the accounts differs from what it was.
func audit(scan iter.Seq2[kv.Item, error]) error {
	total := 0
	for item, err := range scan {
		if err != nil {
			return err
		}
		if item.Key[:len(account)] != account {
			continue
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
