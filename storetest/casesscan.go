package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store"
)

func (k *kv) wantErr(deed string, got, want error) {
	k.Helper()
	if !errors.Is(got, want) {
		k.Fatalf("%s: error %v, want %v", deed, got, want)
	}
}

func scanIsOrdered(k *kv) {
	var want []string
	for i := range 1000 {
		key := fmt.Sprintf("p:%04d", i*7919%1000)
		k.put(key, key)
		want = append(want, fmt.Sprintf("p:%04d", i))
	}
	k.put("o", "")
	k.put("p", "")
	k.put("p;", "")
	k.wantKeys("p:", "", want...)
	k.wantKeys("p:00", "", want[:100]...)
	k.wantKeys("q", "")
}

func scanBegins(k *kv) {
	for _, key := range []string{"a", "b1", "b2", "b3", "c"} {
		k.put(key, "")
	}
	k.wantKeys("b", "b2", "b2", "b3")
	k.wantKeys("b", "b2\x00", "b3")
	k.wantKeys("b", "a", "b1", "b2", "b3")
	k.wantKeys("b", "b4")
	k.wantKeys("b", "c")
	k.wantKeys("", "b3", "b3", "c")
}

func scanLeavesOutExpired(k *kv) {
	for i, key := range []string{"a", "b", "c"} {
		k.commit(store.Change{Key: key, Deadline: k.clock.In(time.Duration(i+1) * time.Second)})
	}
	k.wantKeys("", "", "a", "b", "c")
	k.clock.Pass(2 * time.Second)
	k.wantKeys("", "", "c")
}

func loopsAreFree(k *kv) {
	for i := range 300 {
		k.put(fmt.Sprintf("k%03d", i), "1")
	}
	n := 0
	for item, err := range k.Scan(k.Context(), "k", "") {
		k.wantErr("Scan", err, nil)
		if n++; n == 200 {
			break
		}
		k.commit(store.Change{Key: item.Key, Value: []byte("2"), If: item.Version})
		k.commit(store.Change{Key: "x" + item.Key, If: store.Absent})
	}
	k.want("k198", "2")
	k.want("k199", "1")
}

func doneContextStops(k *kv) {
	k.put("k", "1")
	ctx, cancel := context.WithCancel(k.Context())
	cancel()
	_, err := k.Get(ctx, "k")
	k.wantErr("Get", err, context.Canceled)
	_, err = k.Commit(ctx, store.Change{Key: "k", Value: []byte("2")}, store.Change{Key: "l"})
	k.wantErr("Commit", err, context.Canceled)
	for _, prefix := range []string{"k", "nobody"} {
		n := 0
		for _, err := range k.Scan(ctx, prefix, "") {
			k.wantErr("Scan", err, context.Canceled)
			n++
		}
		if n != 1 {
			k.Fatalf("Scan yields %d times, want the error", n)
		}
	}
	k.want("k", "1")
	k.wantMissing("l")
}

func scanHearsCancel(k *kv) {
	for i := range 600 {
		k.put(fmt.Sprintf("k%03d", i), "")
	}
	ctx, cancel := context.WithCancel(k.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range k.Scan(ctx, "", "") {
		if last = err; err != nil {
			continue
		}
		if n++; n == 3 {
			cancel()
		}
	}
	k.wantErr("Scan", last, context.Canceled)
	if n == 600 {
		k.Fatal("Scan went on to the end")
	}
}

// rivals is how many goroutines a case has.
const rivals = 8

func oneWins(k *kv) {
	expected := uint64(store.Absent)
	for range 50 {
		var all sync.WaitGroup
		var winner, wins atomic.Uint64
		for range rivals {
			all.Go(func() {
				versions, err := k.Commit(k.Context(), store.Change{Key: "k", If: expected})
				if err == nil {
					wins.Add(1)
					winner.Store(versions[0])
				} else if !errors.Is(err, store.ErrConflict) {
					k.Errorf("Commit: %v", err)
				}
			})
		}
		all.Wait()
		if wins.Load() != 1 {
			k.Fatalf("%d of %d commits have won", wins.Load(), rivals)
		}
		expected = winner.Load()
	}
}

// noChangeIsLost moves one from a key to another in one commit, again and
// again, from all goroutines.
func noChangeIsLost(k *kv) {
	k.put("a", "1000")
	k.put("b", "0")
	var all sync.WaitGroup
	for range rivals {
		all.Go(func() {
			for moved := 0; moved < 25; {
				err := k.move()
				switch {
				case err == nil:
					moved++
				case !errors.Is(err, store.ErrConflict):
					k.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	k.want("a", "800")
	k.want("b", "200")
}

func (k *kv) move() error {
	var changes []store.Change
	for key, delta := range map[string]int{"a": -1, "b": 1} {
		item, err := k.Get(k.Context(), key)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(item.Value))
		if err != nil {
			return err
		}
		changes = append(changes, store.Change{Key: key, Value: strconv.AppendInt(nil, int64(n+delta), 10), If: item.Version})
	}
	_, err := k.Commit(k.Context(), changes...)
	return err
}

func closedIsClosed(k *kv) {
	k.put("k", "1")
	for range 2 {
		k.wantErr("Close", k.Close(), nil)
	}
	_, err := k.Get(k.Context(), "k")
	k.wantErr("Get", err, store.ErrClosed)
	k.refuse(store.ErrClosed, store.Change{Key: "k"})
	for _, err := range k.Scan(k.Context(), "", "") {
		k.wantErr("Scan", err, store.ErrClosed)
	}
}
