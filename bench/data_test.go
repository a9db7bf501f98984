package bench

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
)

const (
	keySize   = 40 // bytes: "session:" and 32 hex digits
	valueSize = 256
	counters  = 10_000 // keys of the Incr benchmarks
)

// data is what the benchmarks put and ask for. It is the same in every run.
type data struct {
	load    []string // every key, in the order of loading
	probe   []string // the same keys in another memory and a random order
	absent  []string // as many keys that are never put
	counter []string
	value   []byte
	at      atomic.Int64 // where the next walk begins
}

// newData makes n keys.
//
// probe exists so that a measured loop reads its own keys front to back,
// which costs nothing, and the time is that of the store's own misses. Its
// strings are other strings than those that were loaded, so a comparison
// of keys has to look at both.
func newData(n int) *data {
	rnd := rand.New(rand.NewPCG(1, 2))
	d := &data{load: sessionKeys(rnd, n), absent: sessionKeys(rnd, n), value: randomBytes(rnd, valueSize)}
	order := rnd.Perm(n)
	all := make([]byte, 0, n*keySize)
	for _, i := range order {
		all = append(all, d.load[i]...)
	}
	d.probe = cut(all)
	for i := range min(counters, n) {
		d.counter = append(d.counter, fmt.Sprintf("rate:%08d", i))
	}
	rnd.Shuffle(len(d.counter), func(i, j int) { d.counter[i], d.counter[j] = d.counter[j], d.counter[i] })
	return d
}

func sessionKeys(rnd *rand.Rand, n int) []string {
	all := make([]byte, 0, n*keySize)
	for range n {
		all = append(all, "session:"...)
		all = hex.AppendEncode(all, randomBytes(rnd, 16))
	}
	return cut(all)
}

// cut makes strings of keySize bytes that share one memory.
func cut(all []byte) []string {
	text := string(all)
	out := make([]string, 0, len(text)/keySize)
	for ; len(text) >= keySize; text = text[keySize:] {
		out = append(out, text[:keySize])
	}
	return out
}

func randomBytes(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// walk hands out keys one after the other, round and round.
type walk struct {
	keys []string
	at   int
}

func (w *walk) next() string {
	k := w.keys[w.at]
	if w.at++; w.at == len(w.keys) {
		w.at = 0
	}
	return k
}

// walkFrom begins a walk at any number, however large.
func walkFrom(keys []string, start int) walk {
	return walk{keys: keys, at: start % len(keys)}
}
