package cache

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
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
	parts   []part // its shards
	most    int64  // weight
	weight  atomic.Int64
	saver   *saver // nil until the policy is warm
	evicted atomic.Uint64
	stripes [policyStripes]sync.Mutex
}

// part is a shard of the policy and what its values weigh together.
type part struct {
	*shard
	weight *atomic.Int64
	total  *atomic.Int64 // of all parts
}

const (
	policyStripes = 64
	weightBytes   = 4
	// partValues is how many of the heaviest values a part has room for, if
	// there are several: what is to go is chosen within a part, and among a
	// few there is no choice.
	partValues = 256
)

// newPolicy returns a policy of so much weight, of which a value has no more
// than heaviest. memory bounds, in bytes, what it holds itself.
func newPolicy(most, heaviest, memory int64, maxKey int, now *clock) *policy {
	p := &policy{most: most}
	config := Config{
		MaxBytes: memory, MaxKeyLength: maxKey, MaxValueBytes: weightBytes,
		OnEvict: func(string, []byte, Reason) {}, // events are wanted: see settle
	}.withDefaults()
	parts := 1
	for parts < config.parts() && most/heaviest/int64(2*parts) >= partValues {
		parts *= 2
	}
	p.keys = newMemoryCache(config, parts)
	p.keys.clock = now
	for _, s := range p.keys.shards {
		s.clock = now
		p.parts = append(p.parts, part{s, new(atomic.Int64), &p.weight})
	}
	return p
}

// add counts the weight of a value in.
func (s part) add(weight uint32) {
	s.weight.Add(int64(weight))
	s.total.Add(int64(weight))
}

// hold locks a key's stripe, and returns what unlocks it.
func (p *policy) hold(key string) (release func()) {
	m := &p.stripes[maphash.String(p.keys.seed, key)%policyStripes]
	m.Lock()
	return m.Unlock
}

// set notes that a key has a new value, and returns the keys of those that
// are to go for it. They are chosen before it is there, since it may be all
// that is on probation. If what it replaces is among them, it is there again.
func (p *policy) set(key string, weight int, deadline int64) (victims []string) {
	p.saver.changed()
	victims = p.shrink(int64(weight) - p.weightOf(key))
	s, hash := p.part(key)
	s.add(uint32(weight))
	s.put(hash, key, binary.LittleEndian.AppendUint32(nil, uint32(weight)), deadline)
	return append(victims, p.settle(s)...)
}

// weightOf returns what a key's value weighs, 0 if it has none.
func (p *policy) weightOf(key string) (weight int64) {
	s, hash := p.part(key)
	if r, ok := s.valued(hash, key); ok {
		var b [weightBytes]byte
		weight = int64(binary.LittleEndian.Uint32(s.appendValue(b[:0], r)))
	}
	p.settle(s)
	return weight
}

// touch notes an access, and reports whether the policy knows the key.
func (p *policy) touch(key string) bool {
	s, hash := p.part(key)
	var weight [weightBytes]byte
	_, _, ok := s.get(weight[:0], hash, key)
	p.settle(s)
	return ok
}

func (p *policy) has(key string) bool {
	s, hash := p.part(key)
	_, ok := s.valued(hash, key)
	p.settle(s)
	return ok
}

func (p *policy) forget(key string) {
	s, hash := p.part(key)
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
	for _, s := range p.parts {
		s.mu.Lock()
		s.forgetAll()
		p.settle(s)
	}
}

// shrink chooses victims until there is room for so much weight more, or
// nothing is left. They come from the heaviest part, so that all stay alike.
func (p *policy) shrink(room int64) (victims []string) {
	for p.weight.Load()+room > p.most {
		s := p.heaviest()
		if s.weight.Load() <= 0 {
			break
		}
		s.mu.Lock()
		if s.entries > 0 {
			s.evictOne()
		}
		victims = append(victims, p.settle(s)...)
	}
	return victims
}

func (p *policy) heaviest() part {
	return slices.MaxFunc(p.parts, func(a, b part) int { return cmp.Compare(a.weight.Load(), b.weight.Load()) })
}

// evictOne evicts until an entry has gone. There must be one.
func (s *shard) evictOne() {
	moves := patience
	for before := s.entries; s.entries == before; {
		s.evict(&moves)
	}
}

// part returns a key's part, locked, for settle to unlock.
func (p *policy) part(key string) (part, uint64) {
	hash := maphash.String(p.keys.seed, key)
	s := p.parts[hash&uint64(len(p.parts)-1)]
	s.mu.Lock()
	return s, hash
}

// settle takes the weight of what has left a part, unlocks it, and returns
// the keys that were evicted.
func (p *policy) settle(s part) (victims []string) {
	for _, e := range s.told() {
		weight := int64(binary.LittleEndian.Uint32(e.value))
		s.weight.Add(-weight)
		s.total.Add(-weight)
		if e.why == Evicted {
			victims = append(victims, e.key)
		}
	}
	s.mu.Unlock()
	p.evicted.Add(uint64(len(victims)))
	return victims
}
