package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

const smallLog = "../../../testdata/access.log"

// smallLogReport is what "kvctl replay -limit 10 testdata/access.log"
// prints, but for the three figures that vary.
const smallLogReport = `log             standard input
lines           60
requests        58
malformed       2
                line 27: unclosed quote in the request
                line 42: bad time
out of order    4, at most 4s late
clients         8
sessions        15 begun, 9 ended by 30m0s without a request, 6 alive
over the limit  1 minute of 1 client, more than 10 requests in each
                198.51.100.7 at 2026-03-14T09:20Z: 13 requests
keys            9
bytes on disk   N
time taken      N, N requests/s, sync interval
read back       every value read back is right
`

// withoutFigures replaces the figures that vary by N.
func withoutFigures(report string) string {
	report = regexp.MustCompile(`(bytes on disk +)\d+`).ReplaceAllString(report, "${1}N")
	return regexp.MustCompile(`(time taken +)\S+, \d+`).ReplaceAllString(report, "${1}N, N")
}

func TestReplayOfTheSmallLog(t *testing.T) {
	log, err := os.ReadFile(smallLog)
	if err != nil {
		t.Fatal(err)
	}
	for name, input := range map[string]string{"plain": string(log), "gzip": string(gzipped(t, string(log)))} {
		got := withoutFigures(must(t, kvctlWith(input, "replay", "-limit", "10", "-")))
		if got != smallLogReport {
			t.Errorf("%s\ngot\n%s\nwant\n%s", name, got, smallLogReport)
		}
	}
	got := withoutFigures(must(t, kvctl("replay", smallLog, "-limit", "10")))
	if want := strings.Replace(smallLogReport, "standard input", smallLog, 1); got != want {
		t.Errorf("from the file\ngot\n%s\nwant\n%s", got, want)
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// replayed runs a replay with -json and returns its result.
func replayed(t *testing.T, log string, flags ...string) replayResult {
	t.Helper()
	var result replayResult
	out := must(t, kvctlWith(log, append([]string{"replay", "-", "-json"}, flags...)...))
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if result.Wrong != 0 {
		t.Errorf("%d answers or keys are wrong", result.Wrong)
	}
	return result
}

// logLine returns a line of Common Log Format.
func logLine(client string, at time.Time) string {
	return fmt.Sprintf("%s - - [%s] \"GET / HTTP/1.1\" 200 1\n", client, at.Format("02/Jan/2006:15:04:05 -0700"))
}

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func TestSessionEndsWhenItsTTLHasPassed(t *testing.T) {
	for _, tt := range []struct {
		name                string
		gaps                []time.Duration // between requests of one client
		begun, ended, alive int64
	}{
		{"one request", nil, 1, 0, 1},
		{"a second before the ttl", []time.Duration{9 * time.Second}, 1, 0, 1},
		{"at the ttl", []time.Duration{10 * time.Second}, 2, 1, 1},
		{"touched again and again", []time.Duration{9e9, 9e9, 9e9}, 1, 0, 1},
		{"twice too late", []time.Duration{11e9, 5e9, 60e9}, 3, 2, 1},
		{"a late line does not turn time back", []time.Duration{9e9, -8e9, 9e9 + 8e9}, 1, 0, 1},
	} {
		at, log := noon, logLine("a", noon)
		for _, gap := range tt.gaps {
			at = at.Add(gap)
			log += logLine("a", at)
		}
		got := replayed(t, log, "-ttl", "10s")
		if got.SessionsBegun != tt.begun || got.SessionsEnded != tt.ended || got.SessionsAlive != tt.alive {
			t.Errorf("%s: %d begun, %d ended, %d alive; want %d, %d, %d", tt.name,
				got.SessionsBegun, got.SessionsEnded, got.SessionsAlive, tt.begun, tt.ended, tt.alive)
		}
	}
}

func TestLateLineCountsForItsOwnMinute(t *testing.T) {
	log := logLine("a", noon.Add(58*time.Second)) + // 12:00
		logLine("a", noon.Add(61*time.Second)) + // 12:01
		logLine("a", noon.Add(59*time.Second)) + // 12:00, late
		logLine("b", noon.Add(4*time.Minute)) +
		logLine("a", noon.Add(59*time.Second).In(time.FixedZone("", -7200))) // 12:00, very late
	got := replayed(t, log, "-limit", "2")
	want := []offence{{"a", "2026-03-14T12:00Z", 3}}
	if len(got.MinutesOverLimit) != 1 || got.MinutesOverLimit[0] != want[0] {
		t.Errorf("over the limit: %v; want %v", got.MinutesOverLimit, want)
	}
	if got.Late != 2 || got.LatestMillis != 181_000 {
		t.Errorf("%d late, at most %d ms; want 2, 181000", got.Late, got.LatestMillis)
	}
}

func TestReplayPassesOverWhatIsNoLine(t *testing.T) {
	log := "\x00\x00\n" + logLine("a", noon) + strings.Repeat("x", 3*maxLogLine) + "\n\n" + logLine("b", noon) + "torn"
	got := replayed(t, log)
	if got.Lines != 6 || got.Requests != 2 || got.Malformed != 4 {
		t.Errorf("%d lines, %d requests, %d malformed; want 6, 2, 4", got.Lines, got.Requests, got.Malformed)
	}
	want := []numberedReason{{1, "NUL byte"}, {3, "longer than 65536 bytes"}, {4, "empty line"}, {6, "no client address"}}
	want[3].Reason = "no time in brackets"
	if fmt.Sprint(got.FirstMalformed) != fmt.Sprint(want) {
		t.Errorf("malformed: %v; want %v", got.FirstMalformed, want)
	}
}

func TestReplayOfNothing(t *testing.T) {
	if got := replayed(t, ""); got.Lines != 0 || got.Keys != 0 || got.SessionsBegun != 0 {
		t.Errorf("%+v; want nothing", got)
	}
}

func TestReplayReportsATornInput(t *testing.T) {
	packed := gzipped(t, logLine("a", noon))
	got := kvctlWith(string(packed[:len(packed)-4]), "replay", "-")
	if got.code != exitError || !strings.Contains(got.stdout, "requests        1\n") ||
		got.stderr != "kvctl: reading standard input after line 1: unexpected EOF\n" {
		t.Errorf("%+q; want the report of what was read, and an error", got)
	}
}

func TestReplayKeepsTheStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	log := logLine("a", time.Now().UTC())
	for _, sync := range []string{"always", "interval", "never"} {
		result := replayed(t, log, "-dir", dir+sync, "-sync", sync)
		if got := must(t, kvctl("count", dir+sync)); got != "2\n" || result.Keys != 2 {
			t.Errorf("sync %s: count %q, report %d; want 2", sync, got, result.Keys)
		}
		must(t, kvctl("verify", dir+sync))
	}
}

func TestReplayRemovesItsTemporaryStore(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	replayed(t, logLine("a", noon))
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestReplayOfARandomLog(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var log strings.Builder
	at, requests := noon, 3000
	for range requests {
		at = at.Add(time.Duration(r.ExpFloat64()*20) * time.Second)
		late := time.Duration(r.IntN(100)) * time.Second
		log.WriteString(logLine(fmt.Sprintf("2001:db8::%x", r.IntN(30)), at.Add(-late)))
	}
	got := replayed(t, log.String(), "-ttl", "5m", "-limit", "1")
	if got.Requests != int64(requests) || got.SessionsEnded == 0 || got.SessionsAlive == 0 || len(got.MinutesOverLimit) == 0 {
		t.Errorf("%+v; want %d requests, and some of everything", got, requests)
	}
}

func TestCompareFindsEveryDifference(t *testing.T) {
	m := newModel(time.Minute)
	m.request("a", noon)
	m.request("b", noon)
	clock := func() time.Time { return noon }
	s, err := kv.NewKVStore(kv.Options{InMemory: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := &app{store: s, now: clock, ttl: time.Minute}
	for _, client := range []string{"a", "b"} {
		if _, err := a.visit(client); err != nil {
			t.Fatal(err)
		}
		if _, err := a.count(client, noon); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(deed string, want comparison) {
		t.Helper()
		got, err := compare(s, m)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", deed, got, err, want)
		}
	}
	expect("nothing done", comparison{keys: 4, sessions: 2})
	if err := s.Set("session:c", nil, 0); err != nil {
		t.Fatal(err)
	}
	expect("a key too many", comparison{keys: 5, sessions: 3, unexpected: 1})
	if err := s.Delete("session:b"); err != nil {
		t.Fatal(err)
	}
	expect("and one missing", comparison{keys: 4, sessions: 2, unexpected: 1, missing: 1})
	if err := s.Expire("session:a", time.Hour); err != nil {
		t.Fatal(err)
	}
	expect("and a wrong deadline", comparison{keys: 4, sessions: 2, unexpected: 1, missing: 1, deadlines: 1})
	if _, err := s.Incr(counterKey("a", noon), 1, 0); err != nil {
		t.Fatal(err)
	}
	expect("and a wrong value", comparison{keys: 4, sessions: 2, unexpected: 1, missing: 1, deadlines: 1, values: 1})
}
