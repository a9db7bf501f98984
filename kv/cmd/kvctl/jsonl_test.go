package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

func TestLineRoundTrip(t *testing.T) {
	deadline := time.Date(2031, 2, 3, 4, 5, 6, 789e6, time.UTC)
	for _, tt := range []struct {
		name string
		item kv.Item
		want string
	}{
		{"text", kv.Item{Key: "k", Value: []byte("v")}, `{"key":"k","value":"v"}`},
		{"deadline", kv.Item{Key: "k", Value: []byte("v"), Deadline: deadline.In(time.FixedZone("", 3600))},
			`{"key":"k","value":"v","deadline":"2031-02-03T04:05:06.789Z"}`},
		{"empty value", kv.Item{Key: "k", Value: []byte{}}, `{"key":"k","value":""}`},
		{"not UTF-8", kv.Item{Key: "\x00\xff", Value: []byte("\x89PNG\r\n\x1a\n")}, `{"key64":"AP8=","value64":"iVBORw0KGgo="}`},
		{"beyond ASCII", kv.Item{Key: "ключ", Value: []byte("€€€ — ok")}, `{"key":"ключ","value":"€€€ — ok"}`},
		{"not escaped for HTML", kv.Item{Key: "<a&b>", Value: []byte("v")}, `{"key":"<a&b>","value":"v"}`},
		{"line feed", kv.Item{Key: "k", Value: []byte("a\nb\"c")}, `{"key":"k","value":"a\nb\"c"}`},
		{"replacement character", kv.Item{Key: "k", Value: []byte("\ufffd")}, `{"key":"k","value":"` + "\ufffd" + `"}`},
		{"longer as text than as base64", kv.Item{Key: "k", Value: make([]byte, 6)}, `{"key":"k","value64":"AAAAAAAA"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := lineText(t, tt.item)
			if text != tt.want+"\n" {
				t.Errorf("line %s want %s", text, tt.want)
			}
			sameItem(t, text, tt.item)
		})
	}
}

// lineText returns item as dump writes it.
func lineText(t *testing.T, item kv.Item) string {
	t.Helper()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(toLine(item)); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// sameItem checks that text, as load reads it, is want.
func sameItem(t *testing.T, text string, want kv.Item) {
	t.Helper()
	got, err := parseLine([]byte(text))
	if err != nil || got.Key != want.Key || !bytes.Equal(got.Value, want.Value) || !got.Deadline.Equal(want.Deadline) {
		t.Errorf("parseLine(%s) = %+q, %v; want %+q", text, got, err, want)
	}
}

func TestRandomBytesRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		data := make([]byte, 1+r.IntN(20))
		for i := range data {
			data[i] = "a\"\\\n\x00\x7f\xe2\x80\xa8\xff"[r.IntN(10)]
		}
		item := kv.Item{Key: string(data), Value: data}
		text := lineText(t, item)
		sameItem(t, text, item)
		if most := 2*(len(data)*4/3+4) + len(`{"key64":"","value64":""}`) + 1; len(text) > most {
			t.Errorf("%q takes %d bytes as a line; want at most %d", data, len(text), most)
		}
	}
}

func TestBadLine(t *testing.T) {
	for _, tt := range []struct{ line, reason string }{
		{secret, "not JSON"},
		{`{"key":"` + secret, "not JSON"},
		{`{"key":"k","value":"v"`, "not JSON"},
		{`["` + secret + `"]`, "not an object of strings"},
		{`{"key":"k","value":7}`, "not an object of strings"},
		{`null`, "key: missing"},
		{`{}`, "key: missing"},
		{`{"key":"k"}`, "value: missing"},
		{`{"key":"","value":"v"}`, "key is empty"},
		{`{"key64":"","value":"v"}`, "key is empty"},
		{`{"key":"k","key64":"AA==","value":"v"}`, "key: given as text and as base64"},
		{`{"key64":"` + secret + `!","value":"v"}`, "key: not base64"},
		{`{"key":"k","value64":"A"}`, "value: not base64"},
		{`{"key":"k","value":"v","ttl":"5m"}`, "a field that is not key, key64, value, value64 or deadline"},
		{`{"key":"k","value":"v","` + secret + `":1}`, "a field that is not key, key64, value, value64 or deadline"},
		{`{"key":"k","value":"v","deadline":"` + secret + `"}`, "deadline is not an RFC 3339 time"},
		{`{"key":"k","value":"v","deadline":""}`, "deadline is not an RFC 3339 time"},
		{`{"key":"k","value":"v"} {}`, "more than one JSON value"},
		{`{"key":"k","value":"v"}]`, "more than one JSON value"},
		{"{\"key\":\"\xff\",\"value\":\"v\"}", "not UTF-8"},
	} {
		_, err := parseLine([]byte(tt.line))
		var reason badLine
		if !errors.As(err, &reason) || string(reason) != tt.reason {
			t.Errorf("parseLine(%q): %v; want %q", tt.line, err, tt.reason)
		}
	}
}

func TestYearOneIsADeadlineToo(t *testing.T) {
	got, err := parseLine([]byte(`{"key":"k","value":"v","deadline":"0001-01-01T00:00:00Z"}`))
	if err != nil || got.Deadline.IsZero() {
		t.Errorf("parseLine: deadline %v, %v; want a past one, not none", got.Deadline, err)
	}
}

func TestDumpThenLoad(t *testing.T) {
	from, to := newStore(t), t.TempDir()+"/copy"
	must(t, kvctl("set", from, "deadline", "x", "-ttl", "36h"))
	dumped := must(t, kvctl("dump", from))
	if got, want := must(t, kvctlWith(dumped, "load", to)), "6 lines: 6 loaded, 0 expired, 0 bad\n"; got != want {
		t.Errorf("load: %q; want %q", got, want)
	}
	if got := must(t, kvctl("dump", to)); got != dumped {
		t.Errorf("dump of the copy\n%s\nwant\n%s", got, dumped)
	}
	if got := must(t, kvctl("dump", to, "session:")); strings.Count(got, "\n") != 2 {
		t.Errorf("dump of a prefix:\n%s\nwant 2 lines", got)
	}
	must(t, kvctl("verify", to))
}

func TestLoadKeepsTheGoodLines(t *testing.T) {
	dir := newStore(t)
	input := `{"key":"a","value":"1"}

{"key":"` + secret + `","value":"2","x":1}
{"key":"greeting","value":"late","deadline":"2001-01-01T00:00:00Z"}
` + strings.Repeat("not JSON "+secret+"\n", 6) + `{"key":"` + strings.Repeat("k", kv.MaxKeySize+1) + `","value":"v"}
{"key":"b","value":"3"}`
	got := kvctlWith(input, "load", dir, "-")
	want := ran{
		code:   exitError,
		stdout: "12 lines: 2 loaded, 1 expired, 8 bad\n",
		stderr: `kvctl: line 3: a field that is not key, key64, value, value64 or deadline
kvctl: line 5: not JSON
kvctl: line 6: not JSON
kvctl: line 7: not JSON
kvctl: line 8: not JSON
kvctl: bad lines: 8; the good ones are kept
`}
	if got != want {
		t.Errorf("load\n got %+q\nwant %+q", got, want)
	}
	for key, value := range map[string]string{"a": "1", "b": "3", "visits": "41"} {
		if got := must(t, kvctl("get", dir, key)); got != value {
			t.Errorf("get %s: %q; want %q", key, got, value)
		}
	}
	if got := kvctl("exists", dir, "greeting"); got.code != exitNotFound {
		t.Errorf("a key loaded with a past deadline is still there: exit code %d", got.code)
	}
	json := kvctlWith("{}\n", "load", dir, "-json")
	if want := `{"lines":1,"loaded":0,"expired":0,"bad":1,"first_bad":[{"line":1,"reason":"key: missing"}]}` + "\n"; json.stdout != want {
		t.Errorf("load -json: %s want %s", json.stdout, want)
	}
	must(t, kvctl("verify", dir))
}

func TestLoadGzip(t *testing.T) {
	dir := t.TempDir() + "/new"
	packed := string(gzipped(t, `{"key":"a","value":"1"}`+"\n"))
	if got, want := must(t, kvctlWith(packed, "load", dir)), "1 line: 1 loaded, 0 expired, 0 bad\n"; got != want {
		t.Errorf("load of gzip: %q; want %q", got, want)
	}
	torn := kvctlWith(packed[:len(packed)-4], "load", dir)
	if torn.code != exitError || !strings.Contains(torn.stderr, "unexpected EOF") {
		t.Errorf("load of torn gzip: %+q; want an error", torn)
	}
	if got := must(t, kvctl("get", dir, "a")); got != "1" {
		t.Errorf("get: %q; want 1", got)
	}
}

func TestLoadOfNothing(t *testing.T) {
	dir := t.TempDir() + "/new"
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), []string{"load", dir}, strings.NewReader(""), &stdout, &stderr)
	if code != exitOK || stdout.String() != "0 lines: 0 loaded, 0 expired, 0 bad\n" {
		t.Errorf("exit code %d, %q, %q", code, stdout.String(), stderr.String())
	}
	if got := must(t, kvctl("count", dir)); got != "0\n" {
		t.Errorf("count: %q; want an empty store", got)
	}
}

func BenchmarkParseLine(b *testing.B) {
	text := []byte(`{"key":"session:0123456789abcdef0123456789abcdef","value":"` + strings.Repeat("v", 200) + `","deadline":"2031-01-01T00:00:00.000Z"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseLine(text); err != nil {
			b.Fatal(err)
		}
	}
}
