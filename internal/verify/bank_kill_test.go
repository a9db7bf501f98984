package verify

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/spcent/plumego/store/kv"
)

// TestBankAcrossKills, T18 too, has the tellers in a process that is killed
// again and again. In each life the total must be there, and of each teller
// every transfer that was acknowledged, under whatever policy, and at most the
// one more that was being made.
//
// A failure means that a kill has left half of a transaction, or taken one
// back.
func TestBankAcrossKills(t *testing.T) {
	root := scratch(t)
	defer os.RemoveAll(root)
	dir := filepath.Join(root, "store")
	made, open, most := 0, 0, rounds(25)
	var before [tellers]int
	for life := range most {
		rng := randomFor("T18 kill", life)
		heard, until := 0, 1+rng.IntN(800)
		var acked [tellers]int
		runChild(t, "bank", func(line string) bool {
			var id int
			if _, err := fmt.Sscanf(line, "made %d", &id); err != nil {
				t.Fatalf("a child says %q: %v", line, err)
			}
			acked[id]++
			heard++
			return heard < until
		}, "VERIFY_DIR="+dir, fmt.Sprint("VERIFY_SEED=", rng.Uint64()))
		after := tellersWork(t, dir)
		for id, n := range after {
			if more := n - before[id] - acked[id]; more < 0 || more > 1 {
				t.Errorf("-seed %d, life %d: teller %d was told of %d transfers, and %d are there", *seed, life, id, acked[id], n-before[id])
			} else {
				open += more
			}
		}
		before = after
		made += heard
	}
	t.Logf("T18: %d kills, %d transfers acknowledged, %d of those cut off were made, seed %d", most, made, open, *seed)
}

// tellersWork opens what a kill has left, audits it, and returns how many
// transfers each teller has made.
func tellersWork(t *testing.T, dir string) (made [tellers]int) {
	s := open(t, bankOptions(dir))
	err := audit(s.Scan(account))
	for id := range made {
		if value, err := s.Get(tellerOf(id)); err == nil {
			made[id], err = strconv.Atoi(string(value))
			must(err)
		} else if !errors.Is(err, kv.ErrKeyNotFound) {
			t.Fatal(err)
		}
	}
	_, unsound := s.Verify(t.Context())
	if err := errors.Join(err, unsound, s.Close()); err != nil {
		t.Fatalf("-seed %d, after a kill: %v", *seed, err)
	}
	return made
}

// bankChild makes transfers, and says each that is made, until it is killed.
func bankChild() error {
	s, err := kv.NewKVStore(bankOptions(os.Getenv("VERIFY_DIR")))
	if err != nil {
		return err
	}
	if !s.Exists(accountsOpen) {
		err := s.Update(func(tx *kv.Tx) error { return errors.Join(endow(tx), tx.Set(accountsOpen, nil, 0)) })
		if err != nil {
			return err
		}
	}
	var working sync.WaitGroup
	for id := range tellers {
		rng := rand.New(rand.NewPCG(number("VERIFY_SEED"), uint64(id)))
		working.Go(func() {
			for {
				tr := transfer{s: s.WithSync(kv.SyncPolicy(rng.IntN(3))), rng: rng, teller: id}
				switch err := tr.make(); err {
				case nil:
					say("made %d", id)
				case errStop:
				default:
					say("failed %d: %v", id, err)
					return
				}
			}
		})
	}
	working.Wait()
	return nil
}

// accountsOpen says that the accounts have got their riches: no account need
// be there for ever.
const accountsOpen = "accounts open"
