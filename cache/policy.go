package cache

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// policy chooses what a cache whose values lie elsewhere has to forget: it is
// a cache in memory that has under each key what its value weighs. It bounds
// the weight of all.
//
// Who changes a value there and here holds the key's stripe meanwhile, so that
// both have the same keys.
type policy struct {
	keys    *MemoryCache
	most    int64 // weight
	weight  atomic.Int64
	saver   *saver // nil until the policy is warm
	evicted atomic.Uint64
	turn    atomic.Uint32 // whose turn it is to give way
	stripes [policyStripes]sync.Mutex
}

const (
	policyStripes = 64
	weightBytes   = 4
)

// newPolicy returns a policy of so much weight. memory bounds, in bytes, what
// it holds itself.
func newPolicy(most, memory int64, maxKey int, now *clock) *policy {
	p := &policy{most: most}
	p.keys = newMemoryCache(Config{
		MaxBytes: memory, MaxKeyLength: maxKey, MaxValueBytes: weightBytes,
		OnEvict: func(string, []byte, Reason) {}, // events are wanted: see settle
	}.withDefaults())
	p.keys.clock = now
	for _, s := range p.keys.shards {
		s.clock = now
	}
	return p
}

// hold locks a key's stripe, and returns what unlocks it.
func (p *policy) hold(key string) (release func()) {
	m := &p.stripes[maphash.String(p.keys.seed, key)%policyStripes]
	m.Lock()
	return m.Unlock
}

// set notes that a key has a new value, and returns the keys of those that
// are to go for it.
func (p *policy) set(key string, weight int, deadline int64) (victims []string) {
	p.saver.changed()
	p.weight.Add(int64(weight))
	s, hash := p.shard(key)
	s.put(hash, key, binary.LittleEndian.AppendUint32(nil, uint32(weight)), deadline)
	return append(p.settle(s), p.shrink(0)...)
}

// touch notes an access, and reports whether the policy knows the key.
func (p *policy) touch(key string) bool {
	s, hash := p.shard(key)
	var weight [weightBytes]byte
	_, _, ok := s.get(weight[:0], hash, key)
	p.settle(s)
	return ok
}

func (p *policy) has(key string) bool {
	s, hash := p.shard(key)
	_, ok := s.valued(hash, key)
	p.settle(s)
	return ok
}

func (p *policy) forget(key string) {
	s, hash := p.shard(key)
	s.remove(hash, key)
	p.settle(s)
}

// holdAll locks every stripe, and returns what unlocks them.
func (p *policy) holdAll() (release func()) {
	for i := range p.stripes {
		p.stripes[i].Lock()
	}
	return func() {
		for i := range p.stripes {
			p.stripes[i].Unlock()
		}
	}
}

func (p *policy) forgetAll() {
	for _, s := range p.keys.shards {
		s.mu.Lock()
		s.forgetAll()
		p.settle(s)
	}
}

// shrink chooses victims until there is room for so much weight more, or
// nothing is left.
func (p *policy) shrink(room int64) (victims []string) {
	for idle := 0; p.weight.Load()+room > p.most && idle < len(p.keys.shards); idle++ {
		s := p.keys.shards[p.turn.Add(1)%uint32(len(p.keys.shards))]
		s.mu.Lock()
		if s.entries > 0 {
			idle = -1
			s.evictOne()
		}
		victims = append(victims, p.settle(s)...)
	}
	return victims
}

// evictOne evicts until an entry has gone. There must be one.
func (s *shard) evictOne() {
	moves := patience
	for before := s.entries; s.entries == before; {
		s.evict(&moves)
	}
}

// shard returns a key's shard, locked, for settle to unlock.
func (p *policy) shard(key string) (*shard, uint64) {
	hash := maphash.String(p.keys.seed, key)
	s := p.keys.shards[hash&uint64(len(p.keys.shards)-1)]
	s.mu.Lock()
	return s, hash
}

// settle takes the weight of what has left a shard, unlocks it, and returns
// the keys that were evicted.
func (p *policy) settle(s *shard) (victims []string) {
	events := s.told()
	s.mu.Unlock()
	for _, e := range events {
		p.weight.Add(-int64(binary.LittleEndian.Uint32(e.value)))
		if e.why == Evicted {
			victims = append(victims, e.key)
		}
	}
	p.evicted.Add(uint64(len(victims)))
	return victims
}
