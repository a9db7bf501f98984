package verify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// childVariable tells the test binary to be a child, and of which kind.
const childVariable = "VERIFY_CHILD"

func isChild() bool { return os.Getenv(childVariable) != "" }

// beChild does a child's work, which ends when its parent kills it or it has
// nothing left to do.
func beChild() int {
	err := errors.New("an unknown kind of child")
	switch os.Getenv(childVariable) {
	case "linear":
		err = linearChild()
	case "bank":
		err = bankChild()
	case "counters":
		err = countersChild()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// number returns a number that the parent has given.
func number(name string) uint64 {
	n, err := strconv.ParseUint(os.Getenv(name), 10, 64)
	must(err)
	return n
}

// say tells the parent a line. It is one write: whoever says something after
// it has returned is heard later.
func say(format string, args ...any) {
	_, _ = os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n")
}

// runChild starts a child and hands on every line that it says. It kills the
// child when hear returns false, and goes on to hand on what had been said
// before.
func runChild(t *testing.T, kind string, hear func(line string) bool, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(append(os.Environ(), childVariable+"="+kind), env...)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatalf("start a child: %v", err)
	}
	killed := false
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF { // a last line that was cut says nothing
			break
		}
		if err != nil {
			t.Fatalf("listen to a child: %v", err)
		}
		if !hear(line) && !killed {
			killed = true
			_ = child.Process.Kill()
		}
	}
	if err := child.Wait(); err != nil && !killed {
		t.Fatalf("a child: %v", err)
	}
}
