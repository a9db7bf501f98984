package verify

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"testing"
)

var (
	seed  = flag.Uint64("seed", 1, "begins every random choice but the model's, for which there is -rapid.seed")
	scale = flag.Int("scale", 1, "how many times as much to do, in every suite that counts rounds but the model's, for which there is -rapid.checks")
)

// TestMain is a child process if its parent says so, and otherwise sizes the
// model: what the command line says comes after it and counts.
func TestMain(m *testing.M) {
	if isChild() {
		os.Exit(beChild())
	}
	must(flag.Set("rapid.checks", fmt.Sprint(modelChecks/shrunk())))
	must(flag.Set("rapid.steps", "100"))
	os.Exit(m.Run())
}

// shrunk is by how much less is done when time is dear.
func shrunk() int {
	if raceEnabled {
		return 5
	}
	return 1
}

// rounds sizes a suite that does n rounds when run as always.
func rounds(n int) int {
	n = n * *scale / shrunk()
	if testing.Short() {
		n /= 5
	}
	return max(1, n)
}

// randomFor returns the random choices of one round of a suite.
func randomFor(suite string, round int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, suite, round)
	return rand.New(rand.NewPCG(*seed, h.Sum64()))
}

// must is for what cannot fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
