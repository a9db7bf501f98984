package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spcent/plumego/store/kv"
)

// secret stands in every key and value that an error text must not show.
const secret = "s3cr3t"

func TestBadInputIsAnError(t *testing.T) {
	dir := newStore(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	orphan := filepath.Join(none, "below")
	empty := t.TempDir()
	foreign := filepath.Dir(file)
	longKey := strings.Repeat(secret, kv.MaxKeySize/len(secret)+1)

	for _, tt := range []struct {
		name string
		args []string
		want string // in the text, behind "kvctl: "
	}{
		{"no such command", []string{"put", dir}, `unknown command "put"`},
		{"no operands", []string{"get"}, "usage: kvctl get [flags] DIR KEY"},
		{"an operand too few", []string{"get", dir}, "usage: kvctl get [flags] DIR KEY"},
		{"an operand too many", []string{"get", dir, "k", secret}, "usage: kvctl get [flags] DIR KEY"},
		{"unknown flag", []string{"set", dir, "k", "-" + secret}, "set: unknown flag; it has -json -ttl;"},
		{"flag without its value", []string{"set", dir, "k", "v", "-ttl"}, "set: flag needs an argument: -ttl"},
		{"ttl that is no duration", []string{"set", dir, "k", "v", "-ttl", "soon"}, `set: invalid value "soon" for flag -ttl`},
		{"unknown help", []string{"help", "put"}, `unknown command "put"`},

		{"empty DIR", []string{"get", "", "k"}, "DIR is empty"},
		{"missing directory", []string{"get", none, "k"}, none + " does not exist"},
		{"missing directory, verify", []string{"verify", none}, none + " does not exist"},
		{"missing parent", []string{"set", orphan, "k", secret}, orphan + ": invalid options: "},
		{"a file as directory", []string{"get", file, "k"}, file + " is not a directory"},
		{"a file as directory, to write", []string{"set", file, "k", secret}, file + " is not a directory"},
		{"an empty directory to read", []string{"get", empty, "k"}, empty + ": not a store"},
		{"a directory of other files", []string{"set", foreign, "k", secret}, foreign + ": not a store"},

		{"empty key", []string{"set", dir, "", secret}, "key must have 1 to 65535 bytes"},
		{"empty key, get", []string{"get", dir, ""}, "key must have 1 to 65535 bytes"},
		{"empty key, exists", []string{"exists", dir, ""}, "key must have 1 to 65535 bytes"},
		{"empty key, ttl", []string{"ttl", dir, ""}, "key must have 1 to 65535 bytes"},
		{"empty key, del", []string{"del", dir, ""}, "key must have 1 to 65535 bytes"},
		{"empty key, incr", []string{"incr", dir, ""}, "key must have 1 to 65535 bytes"},
		{"oversized key", []string{"set", dir, longKey, "v"}, "key must have 1 to 65535 bytes"},
		{"negative ttl", []string{"set", dir, secret, secret, "-ttl", "-5s"}, "ttl is negative"},
		{"negative ttl, incr", []string{"incr", dir, secret, "-ttl=-5s"}, "ttl is negative"},
		{"counter of text", []string{"incr", dir, "greeting"}, "value is not an integer"},
		{"delta of text", []string{"incr", dir, "visits", secret}, "DELTA is not a 64-bit integer"},
		{"delta out of range", []string{"incr", dir, "visits", "9223372036854775808"}, "DELTA is not a 64-bit integer"},
		{"counter out of range", []string{"incr", dir, "visits", "9223372036854775807"}, "counter would overflow"},
		{"negative limit", []string{"scan", dir, "-limit", "-1"}, "-limit is negative"},

		{"load of no file", []string{"load", dir, none}, "no such file"},
		{"load of a directory", []string{"load", dir, empty}, "is a directory"},
		{"replay of no file", []string{"replay", none}, "no such file"},
		{"replay into what is there", []string{"replay", "-dir", dir, file}, dir + " is not empty"},
		{"replay with no ttl", []string{"replay", "-ttl", "0s", file}, "-ttl is less than a millisecond"},
		{"replay with a negative limit", []string{"replay", "-limit", "-1", file}, "-limit is negative"},
		{"replay with an unknown policy", []string{"replay", "-sync", "often", file}, "want always, interval or never"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := kvctl(tt.args...)
			if got.code != exitError || got.stdout != "" {
				t.Errorf("exit code %d, stdout %q; want 2 and none", got.code, got.stdout)
			}
			if !strings.HasPrefix(got.stderr, "kvctl: ") || !strings.Contains(got.stderr, tt.want) {
				t.Errorf("stderr %q; want it to say %q", got.stderr, tt.want)
			}
			if strings.Contains(got.stderr, secret) || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("stderr %q; want one line without keys or values", got.stderr)
			}
		})
	}

	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("a missing directory was made: %v", err)
	}
	for _, d := range []string{empty, foreign} {
		if entries, err := os.ReadDir(d); err != nil || len(entries) > 1 {
			t.Errorf("%s holds %v now (%v); want it untouched", d, entries, err)
		}
	}
	if got := must(t, kvctl("count", dir)); got != "5\n" {
		t.Errorf("count after all this: %q; want the 5 keys of before", got)
	}
	must(t, kvctl("verify", dir))
}

func TestOversizedValue(t *testing.T) {
	if testing.Short() {
		t.Skip("needs 64 MiB")
	}
	dir := newStore(t)
	got := kvctlWith(strings.Repeat("v", 64<<20+1), "set", dir, "greeting", "-")
	if got.code != exitError || !strings.Contains(got.stderr, "value is too large") {
		t.Errorf("exit code %d, stderr %.200q; want 2 and that the value is too large", got.code, got.stderr)
	}
	if got := must(t, kvctl("get", dir, "greeting")); got != "hello" {
		t.Errorf("get afterwards: %.20q; want what was there", got)
	}
}

// damage flips one bit of the record that holds text.
func damage(t *testing.T, dir, text string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(data, []byte(text)); at >= 0 {
			data[at] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no file of %s holds %q", dir, text)
}

func TestVerifyNamesFileAndOffset(t *testing.T) {
	dir := newStore(t)
	damage(t, dir, "hello")
	for _, args := range [][]string{{"verify", dir}, {"verify", dir, "-json"}} {
		got := kvctl(args...)
		if got.code != exitError || got.stderr != "kvctl: "+dir+" has 1 defect\n" {
			t.Errorf("%v: exit code %d, stderr %q; want 2 and one defect", args, got.code, got.stderr)
		}
		if !strings.Contains(got.stdout, dir) || !strings.Contains(got.stdout, "offset") || strings.Count(got.stdout, "\n") != 1 {
			t.Errorf("%v: stdout %q; want one line with file and offset", args, got.stdout)
		}
	}
	if got := kvctl("get", dir, "greeting"); got.code != exitError || got.stdout != "" {
		t.Errorf("get of the damaged value: %+q; want an error and no bytes", got)
	}
}
