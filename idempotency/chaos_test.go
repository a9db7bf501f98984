package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/storetest"
)

// TestChaos has goroutines do the same operations while the engine fails
// before and after commits, the clock jumps over leases, functions fail in
// every way, and now and then a holder vanishes. What must hold then:
//
//   - everybody who is told an outcome is told the same one;
//   - it is one that a run of the operation has returned;
//   - a transaction's effect is there once if and only if it is recorded.
func TestChaos(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("IDEMPOTENCY_CHAOS_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("IDEMPOTENCY_CHAOS_SEED=%d", seed)
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	sums := map[string]int{}
	for round := range rounds {
		newChaos(t, seed, uint64(round)).run(sums)
	}
	t.Log(sums)
	for _, what := range []string{"done", "replayed", "failed", "taken over", "not recorded", "lost"} {
		require.Positive(t, sums[what], "nobody has seen %q: the chaos is too tame", what)
	}
}

const (
	chaosKeys       = 8
	chaosGoroutines = 8
	chaosCalls      = 40               // of a goroutine
	longer          = 1000 * time.Hour // than all jumps of the clock
)

type chaos struct {
	*stage
	clock *storetest.Clock

	mu       sync.Mutex // protects the fields below
	rng      *rand.Rand
	returned map[string]map[string]bool // what runs of a key have returned
	told     map[string]string          // what callers were told
	sums     map[string]int
	runs     int
}

func newChaos(t *testing.T, seed, round uint64) *chaos {
	clock := storetest.NewClock()
	c := &chaos{
		stage:    newStage(t, kv.Options{InMemory: true, Now: clock.Now, SegmentSize: 16 << 10}),
		clock:    clock,
		rng:      rand.New(rand.NewPCG(seed, round)),
		returned: map[string]map[string]bool{},
		told:     map[string]string{},
	}
	f := c.commit
	c.onCommit.Store(&f)
	return c
}

// draw returns a number from 0 to n-1.
func (c *chaos) draw(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n)
}

var errChaos = errors.New("chaos")

func (c *chaos) commit(_ context.Context, commit func() ([]uint64, error), _ []store.Change) ([]uint64, error) {
	runtime.Gosched()
	switch c.draw(20) {
	case 0:
		return nil, errChaos
	case 1:
		_, err := commit()
		return nil, errors.Join(errChaos, err)
	case 2:
		c.clock.Pass(lease / 2) // the lease runs while it is written
	}
	return commit()
}

func (c *chaos) run(sums map[string]int) {
	c.sums = sums
	var all sync.WaitGroup
	for range chaosGoroutines {
		all.Go(func() {
			for range chaosCalls {
				c.call(fmt.Sprint(c.draw(chaosKeys)))
			}
		})
	}
	all.Wait()
	c.onCommit.Store(nil)
	c.settle()
}

// call does an operation, in one form or the other by its key, and files what
// it was told.
func (c *chaos) call(key string) {
	if c.draw(10) == 0 {
		c.clock.Pass(lease)
	}
	var r idempotency.Result
	var err error
	if isTx(key) {
		r, err = c.doTx(key, func(ctx context.Context) ([]byte, []store.Change, error) {
			_, changes, err := increment(ctx, c.KV, "effect:"+key)
			if err != nil {
				return nil, nil, err
			}
			response, err := c.work(key)
			return response, changes, err
		}, idempotency.Retention(longer))
	} else {
		var all sync.WaitGroup // Goexit ends a goroutine of its own
		all.Go(func() {
			defer func() { _ = recover() }()
			err = errVanished
			r, err = c.do(context.Background(), key, func(context.Context) ([]byte, error) { return c.work(key) }, idempotency.Retention(longer))
		})
		all.Wait()
	}
	c.file(key, r, err)
}

func isTx(key string) bool { return key < "4" }

var errVanished = errors.New("vanished")

// work returns in one of the ways in which a function can.
func (c *chaos) work(key string) ([]byte, error) {
	way := c.draw(10)
	for range c.draw(5) {
		runtime.Gosched()
	}
	if c.draw(5) == 0 {
		c.clock.Pass(lease)
	}
	switch way {
	case 0, 1, 2, 3:
		return nil, errOops
	case 4:
		return nil, idempotency.Unknown(errOops)
	case 5:
		if !isTx(key) {
			panic(errOops)
		}
	case 6:
		if !isTx(key) {
			runtime.Goexit()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	response := fmt.Sprint("run ", c.runs)
	if c.returned[key] == nil {
		c.returned[key] = map[string]bool{}
	}
	c.returned[key][response] = true
	if way == 7 {
		return nil, idempotency.Final("", errors.New(response))
	}
	return []byte(response), nil
}

// file holds what one was told to what others were.
func (c *chaos) file(key string, r idempotency.Result, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var stored *idempotency.StoredError
	outcome := string(r.Response)
	switch {
	case errors.Is(err, idempotency.ErrNotRecorded):
		c.sums["not recorded"]++
		return
	case errors.Is(err, idempotency.ErrLeaseLost):
		c.sums["lost"]++
		return
	case errors.As(err, &stored):
		c.sums["failed"]++
		outcome = stored.Text
	case err != nil:
		c.sums["no outcome"]++
		return
	}
	c.sums["done"]++
	if r.Replayed {
		c.sums["replayed"]++
	}
	if r.TakenOver {
		c.sums["taken over"]++
	}
	if !c.returned[key][outcome] {
		c.Errorf("key %s: %q is no outcome of it", key, outcome)
	}
	if before, ok := c.told[key]; ok && before != outcome {
		c.Errorf("key %s: one was told %q and another %q", key, before, outcome)
	}
	c.told[key] = outcome
}

// settle compares the records with what was told, and with the effects.
func (c *chaos) settle() {
	for k := range chaosKeys {
		key := fmt.Sprint(k)
		r, err := c.idem.Get(context.Background(), key)
		if !errors.Is(err, idempotency.ErrNotFound) {
			require.NoError(c, err)
		}
		outcome := string(r.Response) + r.ErrText
		if told, ok := c.told[key]; ok {
			require.Equal(c, told, outcome, "key %s", key)
		}
		if isTx(key) {
			require.Equal(c, r.Status == idempotency.StatusCompleted, c.engine.Exists("effect:"+key), "key %s", key)
			if r.Status == idempotency.StatusCompleted {
				c.wantCounter("effect:"+key, "1")
			}
		}
	}
}
