package verify

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// TestMetamorphic, T16, plays one long list of random operations under many
// sets of options, and wants to hear the same from each: how long segments
// are, when the disk is waited for, whether anything is swept or compacted,
// and how often the store is closed, or dies, may change what the files look
// like but never what a caller is told.
//
// A failure means that one of two stores is wrong, and the first operation
// at which they differ. Which of them, a model must say: see TestModel.
func TestMetamorphic(t *testing.T) {
	lists, ops := rounds(4), 0
	for n := range lists {
		list := newList(randomFor("T16", n))
		ops += len(list)
		first := make([]string, len(list))
		play(t, ways()[0], list, func(k int, told string) { first[k] = told })
		t.Run(fmt.Sprint("list ", n), func(t *testing.T) {
			for i, w := range ways()[1:] {
				t.Run(fmt.Sprint("way ", i+1), func(t *testing.T) {
					t.Parallel()
					play(t, w, list, func(k int, told string) {
						if told != first[k] {
							t.Fatalf("-seed %d, list %d: operation %d, %+v\nsays %q under %+v\nand  %q under %+v",
								*seed, n, k, list[k], told, w, first[k], ways()[0])
						}
					})
				})
			}
		})
	}
	t.Logf("T16: %d lists, %d operations, each under %d sets of options, seed %d", lists, ops, len(ways()), *seed)
}

// way is how a list is played: the options, and what befalls the store where
// the list allows it.
type way struct {
	memory  bool
	segment int64
	sync    kv.SyncPolicy
	sweep   time.Duration
	rest    time.Duration // CompactInterval
	ratio   float64
	compact int // Compact after so many operations; 0: never
	pause   pause
	room    int64 // MaxBytes, more than a list needs
}

// pause is what happens at a pause.
type pause int

const (
	goOn   pause = iota // nothing
	reopen              // closed and opened
	forget              // closed, and opened without the files that are but caches
	die                 // the process dies
)

// ways are the sets of options. In the first nothing happens by itself.
func ways() []way {
	const off, atOnce = -1, 1
	return []way{
		{memory: true, segment: 64 << 20, sweep: off, rest: off},
		{memory: true, segment: 1 << 10, sync: kv.SyncAlways, sweep: atOnce, rest: atOnce, ratio: 0.1, compact: 100},
		{segment: 1 << 10, sync: kv.SyncAlways, sweep: off, rest: off},
		{segment: 1 << 10, sync: kv.SyncNever, sweep: atOnce, rest: atOnce, ratio: 0.1, pause: reopen},
		{segment: 1 << 10, sync: kv.SyncNever, sweep: atOnce, rest: off, compact: 20, pause: die},
		{segment: 1 << 10, sync: kv.SyncInterval, sweep: off, rest: atOnce, ratio: 0.9, pause: forget},
		{segment: 4 << 10, sync: kv.SyncInterval, sweep: off, rest: atOnce, pause: forget, room: 8 << 20},
		{segment: 4 << 10, sync: kv.SyncNever, sweep: atOnce, rest: off, ratio: 0.9, compact: 50, pause: die},
		{segment: 4 << 10, sync: kv.SyncAlways, sweep: atOnce, rest: atOnce, pause: reopen},
		{segment: 1 << 20, sync: kv.SyncAlways},
		{segment: 1 << 20, sync: kv.SyncNever, rest: atOnce, compact: 500, pause: forget, room: 64 << 20},
		{segment: 64 << 20, sync: kv.SyncInterval, compact: 1000, pause: reopen},
	}
}

// player plays a list.
type player struct {
	t     *testing.T
	way   way
	root  string
	lives int
	opts  kv.Options
	clock *handClock
	s     *kv.KVStore
	open  []*kv.Snapshot
}

// play has hear told what each operation of a list says.
func play(t *testing.T, w way, list []op, hear func(k int, told string)) {
	p := &player{t: t, way: w, root: scratch(t), clock: newHandClock()}
	defer os.RemoveAll(p.root)
	p.begin()
	for i, op := range list {
		hear(i, op.do(p))
		if w.compact > 0 && i%w.compact == 0 {
			p.check(p.s.Compact(t.Context()))
		}
	}
	p.pause()
	_, err := p.s.Verify(t.Context())
	p.check(err)
	p.check(p.s.Close())
}

func (p *player) begin() {
	w := p.way
	p.opts = kv.Options{
		InMemory: w.memory, SegmentSize: w.segment, Sync: w.sync, SyncEvery: time.Millisecond,
		SweepInterval: w.sweep, CompactInterval: w.rest, CompactRatio: w.ratio, MaxBytes: w.room, Now: p.clock.now,
	}
	if !w.memory {
		p.opts.DataDir = p.dir()
	}
	p.s = open(p.t, p.opts)
}

func (p *player) dir() string { return filepath.Join(p.root, fmt.Sprint(p.lives)) }

// pause closes what the caller holds, and then the store fares as it may.
func (p *player) pause() {
	for _, n := range p.open {
		p.check(n.Close())
	}
	p.open = nil
	if p.way.pause == goOn {
		return
	}
	if p.way.pause == die {
		from := p.dir()
		p.lives++
		copyDir(p.t, from, p.dir())
	}
	p.check(p.s.Close())
	if p.way.pause == forget {
		forgetCaches(p.t, p.dir())
	}
	p.begin()
}

func (p *player) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("-seed %d, under %+v: %v", *seed, p.way, err)
	}
}
