package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// ran is what one command line came to.
type ran struct {
	code           exit
	stdout, stderr string
}

// kvctl runs a command line without input.
func kvctl(args ...string) ran { return kvctlWith("", args...) }

// kvctlWith runs a command line with stdin as its input.
func kvctlWith(stdin string, args ...string) ran {
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(stdin), &stdout, &stderr)
	return ran{code, stdout.String(), stderr.String()}
}

// must fails the test unless r went well, and returns its output.
func must(t *testing.T, r ran) string {
	t.Helper()
	if r.code != exitOK || r.stderr != "" {
		t.Fatalf("exit code %d, stderr %q; want 0 and none", r.code, r.stderr)
	}
	return r.stdout
}

// newStore returns the path of a new store with some keys in it, closed.
func newStore(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := kv.NewKVStore(kv.Options{DataDir: dir, Sync: kv.SyncNever})
	if err != nil {
		t.Fatal(err)
	}
	set := func(key, value string, ttl time.Duration) {
		if err := s.Set(key, []byte(value), ttl); err != nil {
			t.Fatal(err)
		}
	}
	set("greeting", "hello", 0)
	set("session:1", `{"user":"<ann>"}`, time.Hour)
	set("session:2", "", 0)
	set("binary\xff", "\x00\x01\xfe", 0)
	set("visits", "41", 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCommandsAnswer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		args   []string // DIR is the store
		stdin  string
		code   exit
		stdout string
		stderr string
	}{
		{"get", []string{"get", "DIR", "greeting"}, "", 0, "hello", ""},
		{"get of raw bytes", []string{"get", "DIR", "binary\xff"}, "", 0, "\x00\x01\xfe", ""},
		{"get of an empty value", []string{"get", "DIR", "session:2"}, "", 0, "", ""},
		{"get of nothing", []string{"get", "DIR", "missing"}, "", 1, "", "kvctl: not found\n"},
		{"get as JSON", []string{"get", "DIR", "session:1", "-json"}, "", 0, `{"key":"session:1","value":"{\"user\":\"<ann>\"}","found":true}` + "\n", ""},
		{"get of raw bytes as JSON", []string{"get", "-json", "DIR", "binary\xff"}, "", 0, `{"key64":"YmluYXJ5/w==","value64":"AAH+","found":true}` + "\n", ""},
		{"get of nothing as JSON", []string{"get", "-json", "DIR", "missing"}, "", 1, `{"key":"missing","found":false}` + "\n", ""},

		{"exists", []string{"exists", "DIR", "greeting"}, "", 0, "yes\n", ""},
		{"exists of nothing", []string{"exists", "DIR", "missing"}, "", 1, "no\n", ""},
		{"exists as JSON", []string{"exists", "DIR", "greeting", "-json"}, "", 0, `{"key":"greeting","found":true}` + "\n", ""},
		{"exists of nothing as JSON", []string{"exists", "DIR", "missing", "-json"}, "", 1, `{"key":"missing","found":false}` + "\n", ""},

		{"ttl of what lives for ever", []string{"ttl", "DIR", "greeting"}, "", 0, "forever\n", ""},
		{"ttl of nothing", []string{"ttl", "DIR", "missing"}, "", 1, "", "kvctl: not found\n"},
		{"ttl as JSON", []string{"ttl", "DIR", "greeting", "-json"}, "", 0, `{"key":"greeting","ttl_ms":null}` + "\n", ""},

		{"set", []string{"set", "DIR", "k", "v"}, "", 0, "", ""},
		{"set from standard input", []string{"set", "DIR", "k", "-"}, "v\n", 0, "", ""},
		{"set as JSON", []string{"set", "DIR", "k", "väl", "-json", "-ttl", "90s"}, "", 0, `{"key":"k","bytes":4,"ttl_ms":90000}` + "\n", ""},
		{"set of a value like a flag", []string{"set", "DIR", "k", "-json", "--", "-ttl"}, "", 0, `{"key":"k","bytes":4,"ttl_ms":null}` + "\n", ""},

		{"del", []string{"del", "DIR", "greeting"}, "", 0, "", ""},
		{"del of nothing", []string{"del", "DIR", "missing"}, "", 0, "", ""},
		{"del as JSON", []string{"del", "DIR", "greeting", "-json"}, "", 0, `{"key":"greeting","deleted":true}` + "\n", ""},
		{"del of nothing as JSON", []string{"del", "DIR", "missing", "-json"}, "", 0, `{"key":"missing","deleted":false}` + "\n", ""},

		{"incr", []string{"incr", "DIR", "visits"}, "", 0, "42\n", ""},
		{"incr by a negative number", []string{"incr", "DIR", "visits", "-5"}, "", 0, "36\n", ""},
		{"incr behind --", []string{"incr", "-ttl", "5s", "--", "DIR", "visits", "-5"}, "", 0, "36\n", ""},
		{"incr of a new counter", []string{"incr", "DIR", "new", "7", "-ttl", "5s"}, "", 0, "7\n", ""},
		{"incr as JSON", []string{"incr", "DIR", "visits", "-json"}, "", 0, `{"key":"visits","value":42}` + "\n", ""},

		{"scan", []string{"scan", "DIR"}, "", 0, "\"binary\\xff\"\t\"\\x00\\x01\\xfe\"\ngreeting\thello\nsession:1\t{\"user\":\"<ann>\"}\nsession:2\t\nvisits\t41\n", ""},
		{"scan of a prefix, keys only", []string{"scan", "DIR", "session:", "-keys"}, "", 0, "session:1\nsession:2\n", ""},
		{"scan with a limit", []string{"scan", "DIR", "g", "-limit", "1"}, "", 0, "greeting\thello\n", ""},
		{"scan of keys with a limit", []string{"scan", "DIR", "-keys", "-limit=2"}, "", 0, "\"binary\\xff\"\ngreeting\n", ""},
		{"scan as JSON", []string{"scan", "DIR", "g", "-json"}, "", 0, `{"key":"greeting","value":"hello"}` + "\n", ""},
		{"scan of keys as JSON", []string{"scan", "DIR", "b", "-keys", "-json"}, "", 0, `{"key64":"YmluYXJ5/w=="}` + "\n", ""},
		{"scan of nothing", []string{"scan", "DIR", "missing"}, "", 0, "", ""},

		{"count", []string{"count", "DIR"}, "", 0, "5\n", ""},
		{"count of a prefix", []string{"count", "DIR", "session:"}, "", 0, "2\n", ""},
		{"count of nothing", []string{"count", "DIR", "missing"}, "", 0, "0\n", ""},
		{"count as JSON", []string{"count", "DIR", "-json"}, "", 0, `{"count":5}` + "\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := kvctlWith(tt.stdin, inStore(newStore(t), tt.args)...)
			if want := (ran{tt.code, tt.stdout, tt.stderr}); got != want {
				t.Errorf("kvctl %q\n got %+q\nwant %+q", tt.args, got, want)
			}
		})
	}
}

// inStore returns args with DIR replaced.
func inStore(dir string, args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = strings.Replace(arg, "DIR", dir, 1)
	}
	return out
}

func TestSetIsThereForTheNextCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	must(t, kvctlWith("two\nlines\n", "set", dir, "k", "-", "-ttl", "1h"))
	if got := must(t, kvctl("get", dir, "k")); got != "two\nlines\n" {
		t.Errorf("get after set: %q", got)
	}
	left, err := time.ParseDuration(strings.TrimSpace(must(t, kvctl("ttl", dir, "k"))))
	if err != nil || left > time.Hour || left < 50*time.Minute {
		t.Errorf("ttl after set -ttl 1h: %v, %v", left, err)
	}
	must(t, kvctl("set", dir, "k", "again"))
	if got := must(t, kvctl("ttl", dir, "k")); got != "forever\n" {
		t.Errorf("ttl after a set without one: %q; want forever", got)
	}
	must(t, kvctl("del", dir, "k"))
	if got := kvctl("exists", dir, "k"); got.code != exitNotFound {
		t.Errorf("exists after del: exit code %d; want 1", got.code)
	}
	must(t, kvctl("verify", dir))
}

// brokenPipe is a standard output whose reader has gone.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

// fullDisk is a standard output that cannot take the bytes.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestClosedOutputIsQuiet(t *testing.T) {
	dir := newStore(t)
	must(t, kvctlWith(strings.Repeat("v", 1<<20), "set", dir, "longer than a buffer", "-"))
	for _, args := range [][]string{{"scan", dir}, {"dump", dir}, {"get", dir, "greeting"}, {"get", dir, "longer than a buffer"}, {"stats", dir}, {"help"}} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, nil, brokenPipe{}, &stderr); code != exitOK || stderr.Len() > 0 {
			t.Errorf("%s into a closed pipe: exit code %d, stderr %q; want 0 and none", args[0], code, stderr.String())
		}
		if code := run(t.Context(), args, nil, fullDisk{}, &stderr); code != exitError || stderr.Len() == 0 {
			t.Errorf("%s onto a full disk: exit code %d, stderr %q; want 2 and a text", args[0], code, stderr.String())
		}
	}
}

func TestInterruptStops(t *testing.T) {
	dir := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"scan", dir}, {"scan", "-keys", dir}, {"count", dir}, {"dump", dir}, {"load", dir}, {"replay", "-"}, {"verify", dir}, {"inspect", dir}, {"salvage", dir, filepath.Join(t.TempDir(), "new")}} {
		var stdout, stderr bytes.Buffer
		code := run(ctx, args, strings.NewReader("{}\n"), &stdout, &stderr)
		if code != exitError || !strings.HasPrefix(stderr.String(), "kvctl: ") {
			t.Errorf("%s interrupted: exit code %d, stderr %q; want 2 and a text", args[0], code, stderr.String())
		}
	}
}

func TestStatsAndVerify(t *testing.T) {
	dir := newStore(t)
	if got := must(t, kvctl("stats", dir)); !strings.Contains(got, "keys            5\n") {
		t.Errorf("stats:\n%s\nwant 5 keys", got)
	}
	if got := must(t, kvctl("stats", dir, "-json")); !strings.HasPrefix(got, `{"keys":5,`) {
		t.Errorf("stats -json: %s; want 5 keys", got)
	}
	if got := must(t, kvctl("verify", dir)); !strings.Contains(got, " 5 keys, ") || !strings.HasSuffix(got, ": no defect\n") {
		t.Errorf("verify: %s; want 5 keys and no defect", got)
	}
	if got := must(t, kvctl("verify", dir, "-json")); !strings.Contains(got, `"keys":5,`) || !strings.HasSuffix(got, `"defects":[]}`+"\n") {
		t.Errorf("verify -json: %s; want 5 keys and no defect", got)
	}
}
