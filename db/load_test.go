package db

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
)

// heap is a store.KV that notes its commits.
type heap struct{ commits [][]store.Change }

func (h *heap) Commit(_ context.Context, changes ...store.Change) ([]uint64, error) {
	seen := map[string]bool{}
	for _, c := range changes {
		if c.Key == "" || seen[c.Key] {
			return nil, store.ErrInvalid
		}
		seen[c.Key] = true
	}
	h.commits = append(h.commits, append([]store.Change{}, changes...))
	return nil, nil
}

func (h *heap) Get(context.Context, string) (store.Item, error) {
	return store.Item{}, store.ErrNotFound
}
func (h *heap) Scan(context.Context, string, string) iter.Seq2[store.Item, error] {
	return func(func(store.Item, error) bool) {}
}
func (h *heap) Close() error { return nil }

func TestLoadReadsADump(t *testing.T) {
	h := &heap{}
	n, err := Load(t.Context(), h, strings.NewReader(`
		{"key":"a","value":"1","deadline":"2026-03-14T09:26:53.000Z"}
		{"key64":"AP8=","value64":"iVBORw0KGgo="}
		{"key":"a","value":""}
		{"key":"b","value":"2","deadline":"0001-01-01T00:00:00Z"}
	`))
	require.NoError(t, err)
	require.EqualValues(t, 4, n)
	require.Equal(t, [][]store.Change{
		{
			{Key: "a", Value: []byte("1"), Deadline: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)},
			{Key: "\x00\xff", Value: []byte("\x89PNG\r\n\x1a\n")},
		},
		{{Key: "a", Value: []byte{}}, {Key: "b", Value: []byte("2"), Deadline: time.Unix(0, 0)}},
	}, h.commits)
}

func TestLoadCommitsInParts(t *testing.T) {
	var dump strings.Builder
	for i := range 250 {
		fmt.Fprintf(&dump, `{"key":"%d","value":""}`, i)
	}
	for i := range 3 {
		fmt.Fprintf(&dump, `{"key":"big%d","value":"%s"}`, i, strings.Repeat("x", 3<<20))
	}
	h := &heap{}
	_, err := Load(t.Context(), h, strings.NewReader(dump.String()))
	require.NoError(t, err)
	var sizes []int
	for _, c := range h.commits {
		sizes = append(sizes, len(c))
	}
	require.Equal(t, []int{100, 100, 51, 1, 1}, sizes)
}

func TestLoadRefusesWhatIsNoDump(t *testing.T) {
	for _, line := range []string{
		`{`, `hunter2`, `[]`, `{"key":"a"}`, `{"value":"a"}`, `{"key":"a","key64":"YQ==","value":""}`,
		`{"key":"hunter2","value64":"?"}`, `{"key":"a","value":"","hunter2":1}`, `{"key":"a","value":"","deadline":"hunter2"}`, `{"key":1,"value":""}`,
	} {
		_, err := Load(t.Context(), &heap{}, strings.NewReader(`{"key":"a","value":"1"}`+"\n"+line))
		require.ErrorIs(t, err, ErrInvalidDump, line)
		require.ErrorIs(t, err, store.ErrInvalid, line)
		require.ErrorContains(t, err, "entry 2")
		require.NotContains(t, err.Error(), secret)
	}
	broken := errors.New("broken")
	_, err := Load(t.Context(), &heap{}, iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = Load(t.Context(), &heap{}, strings.NewReader(`{"key":"","value":""}`))
	require.ErrorIs(t, err, store.ErrInvalid)
}
