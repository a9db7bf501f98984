package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
)

// The environment tells a process that it is a child, and of what.
const (
	childEnv = "PEERS_CHILD" // name of the engine
	dirEnv   = "PEERS_DIR"   // for its stores
	keysEnv  = "PEERS_KEYS"  // how many
)

// answer is what a child says of a task. Metrics are nil if the engine
// cannot do it.
type answer struct {
	Metrics metrics
	Error   string
}

// serve measures what it is told, one task after the other, until in ends,
// which is the death of the parent too.
func serve(name string, in io.Reader, out io.Writer) (code int) {
	kind, ok := kindOf(name)
	n, err := strconv.Atoi(os.Getenv(keysEnv))
	if !ok || err != nil {
		return 2
	}
	if dir := os.Getenv(writerEnv); dir != "" {
		return writeUntilKilled(kind, newKeys(n), dir, out)
	}
	defer runtime.KeepAlive(ballast(name))
	s := &subject{kind: kind, dir: os.Getenv(dirEnv), keys: newKeys(n)}
	defer s.close()
	tasks, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var t task
		if err := tasks.Decode(&t); err != nil {
			return 0
		}
		m, err := s.do(t)
		a := answer{Metrics: m}
		if err != nil && !errors.Is(err, errUnsupported) {
			a.Error = err.Error()
		}
		if err != nil {
			a.Metrics = nil
		}
		if answers.Encode(a) != nil {
			return 1
		}
	}
}

// ballast is memory that a peer's process keeps and nobody touches. Peers
// have small heaps, and this program has nothing else on its own: without it
// the collector would run all the time, which it would not in a program that
// does something. The engine does without.
func ballast(name string) []byte {
	if !isPeer(name) {
		return nil
	}
	return make([]byte, 128<<20)
}
