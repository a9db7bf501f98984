package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/db"
)

const (
	childEnv = "STORE_DBTEST_CHILD" // task, number of the base, data source name, table
	prizes   = 150
	counters = 4
	workers  = 3
	steps    = 40 // of each worker
)

// TestMain is also the second process.
func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		if err := child(strings.SplitN(spec, " ", 4)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	quiet()
	os.Exit(m.Run())
}

func child(spec []string) error {
	n, err := strconv.Atoi(spec[1])
	if err != nil {
		return err
	}
	b := bases()[n]
	sqlDB, err := db.Open(db.DefaultConfig(b.driver, spec[2]))
	if err != nil {
		return err
	}
	defer sqlDB.Close()
	k, err := db.NewKVWithOptions(sqlDB, b.dialect(), db.KVOptions{Table: spec[3]})
	if err != nil {
		return err
	}
	defer k.Close()
	if spec[0] == "write" {
		return writeForEver(k)
	}
	fmt.Println("ready")
	var word string
	if _, err := fmt.Scanln(&word); err != nil { // until the other is, too
		return err
	}
	if spec[0] == "storm" {
		return storm(k)
	}
	won, err := compete(k)
	fmt.Println(won)
	return err
}

// start starts a child process. What it has to say at its end is in the
// buffer, once it was waited for.
func start(t *testing.T, task string, n int, dsn, table string) (cmd *exec.Cmd, in io.Writer, out io.Reader, complaints *bytes.Buffer) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s %s", childEnv, task, n, dsn, table))
	complaints = new(bytes.Buffer)
	cmd.Stderr = complaints
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err = cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, in, out, complaints
}

// together lets a child go on once it is ready.
func together(t *testing.T, in io.Writer, out io.Reader) {
	t.Helper()
	var word string
	_, err := fmt.Fscanln(out, &word)
	require.NoError(t, err)
	_, err = fmt.Fprintln(in, "go")
	require.NoError(t, err)
}

// compete takes prizes, which have one winner each, and counts counters up. It
// returns how many prizes it has won.
func compete(k store.KV) (won int, err error) {
	var all sync.WaitGroup
	var mu sync.Mutex // protects won and err
	for range workers {
		all.Go(func() {
			w, e := takeAll(k)
			e = errors.Join(e, countUp(k))
			mu.Lock()
			defer mu.Unlock()
			won, err = won+w, errors.Join(err, e)
		})
	}
	all.Wait()
	return won, err
}

func takeAll(k store.KV) (won int, err error) {
	for i := range prizes {
		_, err := k.Commit(context.Background(), store.Change{Key: fmt.Sprintf("prize:%d", i), If: store.Absent})
		switch {
		case err == nil:
			won++
		case !errors.Is(err, store.ErrConflict):
			return won, err
		}
	}
	return won, nil
}

func countUp(k store.KV) error {
	ctx := context.Background()
	for i := 0; i < steps; {
		key := fmt.Sprintf("counter:%d", i%counters)
		item, err := k.Get(ctx, key)
		if errors.Is(err, store.ErrNotFound) {
			item = store.Item{Value: []byte("0"), Version: store.Absent}
		} else if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(item.Value))
		if err != nil {
			return err
		}
		versions, err := k.Commit(ctx, store.Change{Key: key, Value: strconv.AppendInt(nil, int64(n+1), 10), If: item.Version})
		switch {
		case err == nil && item.Version != store.Absent && versions[0] <= item.Version:
			return fmt.Errorf("version %d comes after %d", versions[0], item.Version)
		case err == nil:
			i++
		case !errors.Is(err, store.ErrConflict):
			return err
		}
	}
	return nil
}

// TestKVInTwoProcesses: of all that want one thing one gets it, and no count
// is lost, whichever process they are in.
func TestKVInTwoProcesses(t *testing.T) {
	for n, b := range bases() {
		t.Run(b.name, func(t *testing.T) {
			dsn := b.dsn(t)
			sqlDB, err := db.Open(db.DefaultConfig(b.driver, dsn))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, sqlDB.Close()) })
			table := named("kv_two")
			k := b.kv(t, sqlDB, db.KVOptions{Table: table})

			cmd, in, out, complaints := start(t, "compete", n, dsn, table)
			together(t, in, out)
			ours, err := compete(k)
			require.NoError(t, err)
			var theirs int
			_, err = fmt.Fscanln(out, &theirs)
			require.NoError(t, err)
			require.NoError(t, cmd.Wait(), complaints.String())

			require.Equal(t, prizes, ours+theirs)
			t.Logf("won here %d, there %d", ours, theirs)
			checkCounters(t, k)
		})
	}
}

func checkCounters(t *testing.T, k store.KV) {
	sum := 0
	for item, err := range k.Scan(t.Context(), "counter:", "") {
		require.NoError(t, err)
		n, err := strconv.Atoi(string(item.Value))
		require.NoError(t, err)
		sum += n
	}
	require.Equal(t, 2*workers*steps, sum)
}
