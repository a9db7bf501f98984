// Mutants plants bugs, one at a time, and fails unless the tests notice each
// of them. A suite that lets a mutant live does not test what it says.
//
//	go run ./internal/mutants            all
//	go run ./internal/mutants M7 M12     some
//
// Nothing in the tree is changed: the mutated file is compiled in the place
// of the real one by the go command's -overlay. Most of the bugs are those of
// stores that people use; the table says whose.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	flag.Parse()
	if err := run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(only []string) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	planted, alive := 0, 0
	for f := range plantAll(dir, only) {
		if f.err != nil {
			return fmt.Errorf("%s: %w", f.name, f.err)
		}
		planted++
		if f.killer == "" {
			alive++
			f.killer = "NOBODY: it lives"
		}
		fmt.Printf("%-4s %-52s killed by %s (%.0fs)\n", f.name, f.bug, f.killer, f.took.Seconds())
	}
	fmt.Printf("%d mutants planted, %d killed\n", planted, planted-alive)
	if alive > 0 {
		return fmt.Errorf("%d mutants live", alive)
	}
	return nil
}

// fate is what became of a mutant.
type fate struct {
	mutant
	killer string // "" if it lives
	took   time.Duration
	err    error
}

// plantAll plants the mutants of those names, or all, and sends what became of
// each. Two are at work at a time: one is compiled while another is tested.
func plantAll(dir string, only []string) <-chan fate {
	todo, fates := make(chan mutant), make(chan fate)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for m := range todo {
				start := time.Now()
				killer, err := m.plant(dir)
				fates <- fate{m, killer, time.Since(start), err}
			}
		})
	}
	go func() {
		for _, m := range mutants() {
			if len(only) == 0 || slices.Contains(only, m.name) {
				todo <- m
			}
		}
		close(todo)
		workers.Wait()
		close(fates)
	}()
	return fates
}

// bounded is a script that runs a command with 4 GiB of memory at most: some
// mutants would take all there is before a test notices.
const bounded = `ulimit -d 4194304; exec "$@"`

// plant runs the tests against the mutant and returns which of them failed
// first, or "" if none did.
func (m mutant) plant(dir string) (killer string, err error) {
	overlay, err := m.overlay(dir)
	if err != nil {
		return "", err
	}
	args := []string{"test", "-overlay", overlay, "-count=1", "-short", "-failfast", "-timeout=5m", "-vet=off", "-ldflags=-w", "-run", m.tests}
	test := exec.Command("sh", append([]string{"-c", bounded, "sh", "go"}, append(args, ".")...)...)
	test.Dir = m.pkg // which may be in a module of its own
	out, err := test.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return "", err
	}
	if err == nil {
		return "", nil
	}
	return findKiller(out)
}

// findKiller reads the output of a run that failed. A mutant that does not
// compile was not killed: the table is out of date.
func findKiller(out []byte) (string, error) {
	failLine := regexp.MustCompile(`(?m)^\s*--- FAIL: (Test\S+)`)
	panicLine := regexp.MustCompile(`(?m)^(?:panic: |fatal error: )(.*)$`)
	inTest := regexp.MustCompile(`(?m)\.(Test[A-Za-z0-9_]+)`)
	if p := panicLine.FindSubmatch(out); p != nil {
		if test := inTest.FindSubmatch(out); test != nil {
			return string(test[1]) + ", by a panic", nil
		}
		return "a panic: " + string(p[1]), nil
	}
	all := failLine.FindAllSubmatch(out, -1)
	if len(all) == 0 {
		return "", fmt.Errorf("no test failed, but the run did:\n%s", out)
	}
	return string(all[0][1]), nil
}

// overlay writes the mutated files and the description of their places.
func (m mutant) overlay(dir string) (string, error) {
	replace := map[string]string{}
	for i, c := range m.changes {
		path, err := filepath.Abs(c.file)
		if err != nil {
			return "", err
		}
		source := path
		if earlier, ok := replace[path]; ok {
			source = earlier
		}
		text, err := os.ReadFile(source)
		if err != nil {
			return "", err
		}
		if n := bytes.Count(text, []byte(c.old)); n != 1 {
			return "", fmt.Errorf("%s has %d places like %q, want 1", c.file, n, c.old)
		}
		mutated := filepath.Join(dir, fmt.Sprintf("%s-%d.go", strings.ReplaceAll(m.name, "/", "-"), i))
		if err := os.WriteFile(mutated, bytes.Replace(text, []byte(c.old), []byte(c.new), 1), 0o600); err != nil {
			return "", err
		}
		replace[path] = mutated
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, m.name+".json")
	return path, os.WriteFile(path, text, 0o600)
}
