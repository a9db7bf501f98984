package kv

import (
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// seed begins every random choice of this package's crash and fault suites.
var seed = flag.Uint64("seed", 1, "seed of the random choices in crash and fault tests")

// randomFor returns the random numbers for one place in one suite. They
// depend on nothing else, so that one image can be drawn again alone.
func randomFor(place ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintln(h, place...)
	return rand.New(rand.NewPCG(*seed, h.Sum64()))
}

// timeIsDear reports whether a part of a suite must do: under the race
// detector and in the short form. The plain run does all of it.
func timeIsDear() bool { return raceEnabled || testing.Short() }

// fewer returns n, or a fifth of it where time is dear.
func fewer(n int) int {
	if timeIsDear() {
		return max(1, n/5)
	}
	return n
}

// sampled reports whether number i of a series is to be looked at: each, or
// where time is dear one of so many neighbours, drawn by the seed.
func sampled(i, of int) bool {
	if !timeIsDear() {
		return true
	}
	return drawn(i, of)
}

// drawn reports whether number i is the one of so many neighbours that the
// seed draws, so that no fixed stride passes the same ones by.
func drawn(i, of int) bool {
	block := uint64(i / of)
	return i%of == rand.New(rand.NewPCG(*seed, block)).IntN(of)
}

// state is what a store should hold: a value and a deadline for each key,
// expired ones included.
type state map[string]held

type held struct {
	value    string
	deadline int64 // Unix milliseconds; 0: none
}

// visible returns what readers should see of a state.
func (s state) visible(now int64) state {
	seen := state{}
	for key, h := range s {
		if h.alive(now) {
			seen[key] = h
		}
	}
	return seen
}

func (h held) alive(now int64) bool { return h.deadline == 0 || now < h.deadline }

// String lists the keys with the beginnings of their values.
func (s state) String() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(s)) {
		h := s[key]
		fmt.Fprintf(&b, " %s=%.12q+%d", key, h.value, len(h.value))
		if h.deadline != 0 {
			fmt.Fprintf(&b, "@%d", h.deadline)
		}
	}
	return "{" + strings.TrimSpace(b.String()) + "}"
}

// answer is what a write should say besides nil.
type answer struct {
	missing bool  // ErrKeyNotFound, and nothing changes
	sum     int64 // of Incr
}

// after returns the state that follows a step, which is number i of its
// script, and the store's answer to it. s stays as it is.
func (s state) after(st step, i int, now int64) (state, answer) {
	next := maps.Clone(s)
	if st.verb == "update" {
		var a answer
		for _, part := range st.parts {
			if next, a = next.after(part, i, now); a.missing {
				return s, a
			}
		}
		return next, answer{}
	}
	old, exists := s[st.key]
	exists = exists && old.alive(now)
	deadline := int64(0)
	if st.span != 0 {
		deadline = now + st.span.Milliseconds()
	}
	var a answer
	switch st.verb {
	case "set", "zeros":
		next[st.key] = held{st.value(i), deadline}
	case "until":
		next[st.key] = held{st.value(i), deadline}
		if deadline <= now {
			delete(next, st.key)
		}
	case "delete":
		delete(next, st.key)
	case "expire":
		a.missing = !exists
		if exists {
			next[st.key] = held{old.value, deadline}
		}
	case "incr":
		if exists {
			a.sum, _ = strconv.ParseInt(old.value, 10, 64)
			deadline = old.deadline
		}
		a.sum += st.number
		next[st.key] = held{strconv.FormatInt(a.sum, 10), deadline}
	}
	return next, a
}

// value returns what step number i writes.
func (st step) value(i int) string {
	if st.verb == "zeros" {
		return strings.Repeat("\x00", int(st.number))
	}
	unit := fmt.Sprintf("%s.%d|", st.key, i)
	return strings.Repeat(unit, int(st.number)/len(unit)+1)[:st.number]
}

// history is what a store was asked to do and what it has promised.
type history struct {
	// states[j] is the state after j mutations. The first is where the
	// history begins. All but perhaps the last were acknowledged.
	states []state
	// seqs[j] is the log's last record when mutation j was acknowledged.
	seqs []uint64
	// live is the newest mutation that readers see, durable the newest
	// that was promised to be on stable storage.
	live, durable int
}

func newHistory(first state, seq uint64) history {
	return history{states: []state{first}, seqs: []uint64{seq}}
}

// now returns what readers see.
func (h *history) now() state { return h.states[h.live] }

// issue adds the mutation of a step that is about to be tried.
func (h *history) issue(st step, i int, now int64) answer {
	next, a := h.now().after(st, i, now)
	h.states = append(h.states, next)
	h.seqs = append(h.seqs, math.MaxUint64)
	return a
}

// acknowledge notes that the last mutation was accepted.
func (h *history) acknowledge(seq uint64) {
	h.live = len(h.states) - 1
	h.seqs[h.live] = seq
}

// takeBack notes that the last mutation was refused and has left no trace.
func (h *history) takeBack() {
	h.states = h.states[:len(h.states)-1]
	h.seqs = h.seqs[:len(h.seqs)-1]
}

// idle reports whether the last mutation changes nothing that readers see.
func (h *history) idle(now int64) bool {
	return maps.Equal(h.now().visible(now), h.states[len(h.states)-1].visible(now))
}

// promise notes that all that was acknowledged is on stable storage.
func (h *history) promise() { h.durable = h.live }

// candidates returns the states that a crash may leave, where the store says
// of itself that all up to durableSeq is on stable storage.
func (h *history) candidates(durableSeq uint64) []state {
	first := h.durable
	for first < h.live && h.seqs[first+1] <= durableSeq {
		first++
	}
	return h.states[first:]
}

// among returns whether got is what readers should see of one of the states.
func among(states []state, got state, now int64) bool {
	for _, s := range slices.Backward(states) {
		if maps.Equal(s.visible(now), got) {
			return true
		}
	}
	return false
}
