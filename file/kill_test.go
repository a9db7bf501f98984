package file_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/file"
	kvstore "github.com/spcent/plumego/store/kv"
)

// A real process with files on a real disk is killed at a random moment. The
// child is this test binary; it says before each deed that it begins, and
// behind it that it is done.

const killChild = "FILE_KILL_CHILD" // its presence makes this a child

// killDeed is the i-th deed: what becomes of one of three files.
type killDeed struct {
	kind int // 0 to 4: put, 5: delete, 6: move to the next name, 7: copy to it
	name int
	body []byte
}

func killDeedAt(seed uint64, i int) killDeed {
	rng := rand.New(rand.NewPCG(seed, uint64(i)))
	d := killDeed{kind: rng.IntN(8), name: rng.IntN(3)}
	size := []int{100, 40_000, 300_000}[rng.IntN(3)]
	d.body = bytes.Repeat([]byte(fmt.Sprintf("%d,", i)), size/4)
	return d
}

func killName(i int) string { return "file" + strconv.Itoa(i%3) }

func (d killDeed) run(t *testing.T, s file.Storage) (err error) {
	from, to := killName(d.name), killName(d.name+1)
	switch d.kind {
	case 5:
		err = s.Delete(t.Context(), from)
	case 6:
		_, err = s.Move(t.Context(), from, to)
	case 7:
		_, err = s.Copy(t.Context(), from, to)
	default:
		_, err = s.Put(t.Context(), from, &talker{r: bytes.NewReader(d.body)}, file.PutOptions{})
	}
	if errors.Is(err, file.ErrNotFound) {
		return nil
	}
	return err
}

// talker says of each part of a body that it is read, so that a child can be
// killed in the middle.
type talker struct{ r io.Reader }

func (w *talker) Read(p []byte) (int, error) {
	_, _ = os.Stdout.WriteString("part\n")
	return w.r.Read(p[:min(len(p), killChunk)])
}

// apply is run on a model.
func (d killDeed) apply(m map[string][]byte) map[string][]byte {
	next := map[string][]byte{}
	for name, b := range m {
		next[name] = b
	}
	from, to := killName(d.name), killName(d.name+1)
	b, ok := m[from]
	switch d.kind {
	case 5:
		delete(next, from)
	case 6:
		if ok {
			delete(next, from)
			next[to] = b
		}
	case 7:
		if ok {
			next[to] = b
		}
	default:
		next[from] = d.body
	}
	return next
}

// TestKillChild is the child. On its own it does nothing.
func TestKillChild(t *testing.T) {
	where := os.Getenv(killChild)
	if where == "" {
		t.Skip("this is the child process of the kill tests")
	}
	kind, rest, _ := strings.Cut(where, " ")
	numbers, dir, _ := strings.Cut(rest, " ")
	var seed uint64
	var from int
	_, err := fmt.Sscanf(numbers, "%d/%d", &seed, &from)
	require.NoError(t, err)
	s, done := openKillable(t, kind, dir)
	defer done()
	for i := from; ; i++ {
		_, _ = fmt.Fprintf(os.Stdout, "begin %d\n", i)
		require.NoError(t, killDeedAt(seed, i).run(t, s))
		_, _ = fmt.Fprintf(os.Stdout, "done %d\n", i)
	}
}

func TestKilledProcessLeavesOldOrNew(t *testing.T) {
	testKill(t, "kv", func(t *testing.T, dir string) {
		s, kv := openKVFiles(t, dir)
		_, err := s.GC(t.Context())
		require.NoError(t, err)
		want := map[string]int{}
		page, err := s.List(t.Context(), file.ListOptions{})
		require.NoError(t, err)
		for _, stat := range page.Files {
			want["m/"]++
			if stat.Size > file.DefaultInlineSize {
				want["b/"]++
				want["c/"] += int((stat.Size + killChunk - 1) / killChunk)
			}
		}
		got := map[string]int{}
		for item, err := range kv.Scan(t.Context(), "file:", "") {
			require.NoError(t, err)
			got[item.Key[5:7]]++
		}
		require.Equal(t, want, got, "keys that are left")
		require.NoError(t, kv.Close())
	})
}

func TestKilledProcessLeavesOldOrNewInADirectory(t *testing.T) {
	testKill(t, "dir", func(t *testing.T, dir string) {
		s, err := file.NewDirStorage(dir, file.DirOptions{})
		require.NoError(t, err)
		_, err = s.GC(t.Context())
		require.NoError(t, err)
		page, err := s.List(t.Context(), file.ListOptions{})
		require.NoError(t, err)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, len(page.Files), "files that are left")
		require.NoError(t, s.Close())
	})
}

const killChunk = 16 << 10

// openKillable opens what a child works on.
func openKillable(t *testing.T, kind, dir string) (file.Storage, func()) {
	if kind == "dir" {
		s, err := file.NewDirStorage(dir, file.DirOptions{})
		require.NoError(t, err)
		return s, func() { _ = s.Close() }
	}
	s, kv := openKVFiles(t, dir)
	return s, func() { _ = kv.Close() }
}

func openKVFiles(t *testing.T, dir string) (*file.KVStorage, store.KV) {
	s, err := kvstore.NewKVStore(kvstore.Options{DataDir: dir, SegmentSize: 512 << 10})
	require.NoError(t, err)
	files, err := file.NewKVStorage(s.KV(), file.KVOptions{ChunkSize: killChunk, Bulk: s.WithSync(kvstore.SyncNever).KV()})
	require.NoError(t, err)
	return files, s.KV()
}

// newDiskFiles returns a storage on disk that does not wait for it.
func newDiskFiles(t *testing.T) *file.KVStorage {
	s, err := kvstore.NewKVStore(kvstore.Options{DataDir: t.TempDir(), Sync: kvstore.SyncNever})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	files, err := file.NewKVStorage(s.KV(), file.KVOptions{})
	require.NoError(t, err)
	return files
}

// testKill kills a child again and again, and expects the files as its deeds
// have left them, the last of which may be done or not. clean is called with
// nobody at work, and checks that nothing is left behind.
func testKill(t *testing.T, kind string, clean func(t *testing.T, dir string)) {
	seed := uint64(rand.Uint32())
	if text := os.Getenv("FILE_KILL_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("FILE_KILL_SEED=%d", seed)
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	dir := filepath.Join(t.TempDir(), "files")
	model, next, unfinished := map[string][]byte{}, 0, 0
	for round := range rounds {
		done, inFlight := runAndKill(t, fmt.Sprintf("%s %d/%d %s", kind, seed, next, dir), rng.IntN(300))
		for ; done > 0; done-- {
			model = killDeedAt(seed, next).apply(model)
			next++
		}
		got := readKillable(t, kind, dir)
		if inFlight {
			unfinished++
			if after := killDeedAt(seed, next).apply(model); !sameBodies(got, model) && sameBodies(got, after) {
				model = after
			}
			next++
		}
		require.True(t, sameBodies(got, model), "round %d: neither before nor after deed %d", round, next-1)
		clean(t, dir)
		require.True(t, sameBodies(readKillable(t, kind, dir), model), "round %d: something was taken", round)
	}
	t.Logf("%d kills, %d deeds, %d of them in flight", rounds, next, unfinished)
}

// runAndKill starts a child and kills it after it has said n lines.
func runAndKill(t *testing.T, args string, n int) (done int, inFlight bool) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
	cmd.Env = append(os.Environ(), killChild+"="+args)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	var other []string
	for said := 0; lines.Scan(); said++ {
		word, _, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "begin":
			inFlight = true
		case "done":
			done, inFlight = done+1, false
		case "part":
		default:
			other = append(other, lines.Text())
		}
		if said >= n {
			_ = cmd.Process.Kill() // what it has said meanwhile is still read
		}
	}
	_ = cmd.Wait()
	require.Empty(t, other, "the child failed")
	return done, inFlight
}

// readKillable returns all files.
func readKillable(t *testing.T, kind, dir string) map[string][]byte {
	s, done := openKillable(t, kind, dir)
	defer done()
	files := map[string][]byte{}
	page, err := s.List(t.Context(), file.ListOptions{})
	require.NoError(t, err)
	require.Empty(t, page.Damaged)
	for _, stat := range page.Files {
		require.NoError(t, file.Verify(t.Context(), s, stat.Path))
		f, err := s.Get(t.Context(), stat.Path)
		require.NoError(t, err)
		files[stat.Path], err = io.ReadAll(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	return files
}

func sameBodies(a, b map[string][]byte) bool {
	same := len(a) == len(b)
	for name, body := range a {
		same = same && bytes.Equal(body, b[name])
	}
	return same
}
