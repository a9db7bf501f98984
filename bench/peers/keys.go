package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
)

const (
	keySize   = 40 // bytes: "session:" and 32 hex digits
	valueSize = 256
	counters  = 10_000
	prefix    = "session:"
	maxProbes = 1_000_000
)

// list is keys of keySize bytes, one behind the other, in memory that the
// collector does not know: on the heap so many bytes that never die would
// make collections rare, and every engine better than it is.
type list string

// newList returns a list that the bytes of count keys are appended to by
// fill. It is never given back: a process has a few, as long as it lives.
func newList(count int, fill func(all []byte) []byte) list {
	all, err := syscall.Mmap(-1, 0, max(1, count*keySize), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		panic(err) // out of memory, as make would
	}
	return list(stringOf(fill(all[:0])))
}

func (l list) len() int        { return len(l) / keySize }
func (l list) at(i int) string { return string(l[i*keySize : (i+1)*keySize]) }

// sorted returns the same keys in ascending order.
func (l list) sorted() list {
	order := make([]string, l.len())
	for i := range order {
		order[i] = l.at(i)
	}
	slices.Sort(order)
	return newList(len(order), func(all []byte) []byte {
		for _, k := range order {
			all = append(all, k...)
		}
		return all
	})
}

// keys is what the rows put and ask for: the same in every process.
//
// uniform and zipf are draws from load, in memory of their own and in the
// order in which they are asked for. So a measured loop reads its own keys
// front to back, which costs nothing, and the time is that of the store's
// own cache misses.
type keys struct {
	load    list // every key, in random order
	uniform list
	zipf    list
	absent  list // never put
	counter []string
	pool    []byte // values are pieces of it
}

// newKeys makes n keys. The same n and seed make the same.
func newKeys(n int) *keys {
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	k := &keys{load: randomKeys(rnd, n), pool: randomBytes(rnd, 1<<20)}
	probes := min(maxProbes, 16*n)
	k.uniform = k.draw(probes, func() int { return rnd.IntN(n) })
	z := rand.NewZipf(rnd, 1.01, 1, uint64(n-1))
	k.zipf = k.draw(probes, func() int { return int(z.Uint64()) })
	k.absent = randomKeys(rnd, min(probes, n))
	for i := range min(counters, n) {
		k.counter = append(k.counter, fmt.Sprintf("rate:%08d", i))
	}
	rnd.Shuffle(len(k.counter), func(i, j int) { k.counter[i], k.counter[j] = k.counter[j], k.counter[i] })
	return k
}

func randomKeys(rnd *rand.Rand, n int) list {
	return newList(n, func(all []byte) []byte {
		for range n {
			all = append(all, prefix...)
			all = hex.AppendEncode(all, randomBytes(rnd, 16))
		}
		return all
	})
}

func randomBytes(rnd *rand.Rand, n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, rnd.Uint64())
	}
	return b[:n]
}

// draw copies count keys of load. Those loaded first are as random as any,
// but lie together in a log, so a Zipf draw must not favour them: the i-th
// drawn is spread over all by a multiplication that is prime to it.
func (k *keys) draw(count int, next func() int) list {
	n := k.load.len()
	return newList(count, func(all []byte) []byte {
		for range count {
			all = append(all, k.load.at(spread(next(), n))...)
		}
		return all
	})
}

// spread maps 0..n-1 onto itself, neighbours far from each other.
func spread(i, n int) int {
	const prime = 2_654_435_761 // greater than any n
	return int(uint64(i) * prime % uint64(n))
}

// value returns the value of key in its version-th writing. It differs from
// those of other keys, so that nothing compresses well. It must not be
// changed.
func (k *keys) value(key string, version int) []byte {
	h := binary.LittleEndian.Uint64([]byte(key[len(prefix):])[:8])
	at := (h + uint64(version)*257) % uint64(len(k.pool)-valueSize)
	return k.pool[at : at+valueSize : at+valueSize]
}

// walk hands out keys one after the other, round and round.
type walk struct {
	keys  list
	at    int
	count int // keys handed out
}

// walker begins the g-th of so many walks over l, far from the others.
func walker(l list, g, of, run int) *walk {
	n := l.len()
	return &walk{keys: l, at: (n/of*g + run*n/7) % n}
}

func (w *walk) next() string {
	k := w.keys.at(w.at)
	w.count++
	if w.at++; w.at == w.keys.len() {
		w.at = 0
	}
	return k
}
