package kv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// The canaries are what keys and values contain in these tests. They must
// not be heard in any error, log line or figure.
const (
	keyCanary   = "CANARYinTHEkey"
	valueCanary = "CANARYinTHEvalue"
)

// cage collects all that could be shown to somebody.
type cage struct {
	t      *testing.T
	shown  bytes.Buffer
	errors int
}

// options returns those of a store that logs into the cage.
func (c *cage) options(d *vfs.Disk, clock *handClock) Options {
	opts := onDisk(d, clock)
	opts.Logger = slog.New(slog.NewJSONHandler(&c.shown, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	return opts
}

// expect wants an error and keeps it, and all errors in it, in every form.
func (c *cage) expect(want, err error) {
	c.t.Helper()
	require.ErrorIs(c.t, err, want)
	fmt.Fprintf(&c.shown, "%v\n%+v\n%#v\n%q\n", err, err, err, err)
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		fmt.Fprintf(&c.shown, "%+v\n", *corrupt)
	}
	c.errors++
}

// show keeps what a store says of itself.
func (c *cage) show(s *KVStore) {
	report, _ := s.Verify(context.Background())
	fmt.Fprintf(&c.shown, "%+v\n%#v\n%+v\n", s.Stats(), s.Stats(), report)
}

// listen fails if a canary is heard, in clear or in hex.
func (c *cage) listen() {
	c.t.Helper()
	text := strings.ToLower(c.shown.String())
	for _, canary := range []string{keyCanary, valueCanary} {
		for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprint([]byte(canary))} {
			require.NotContains(c.t, text, strings.ToLower(strings.Trim(form, "[]")))
		}
	}
	c.t.Logf("%d errors and %d bytes of text", c.errors, c.shown.Len())
}

// TestNoKeysOrValuesInErrors provokes every error of a healthy store.
func TestNoKeysOrValuesInErrors(t *testing.T) {
	c := &cage{t: t}
	d, clock := newDisk(t), newHandClock()
	opts := c.options(d, clock)
	opts.MaxValueSize = 100
	s := mustOpen(t, opts)
	key, value := keyCanary, []byte(valueCanary)
	long := strings.Repeat(keyCanary, MaxKeySize/len(keyCanary)+1)
	for name, call := range everyCall() {
		if err := call(s, long); errors.Is(err, ErrInvalidKey) {
			c.expect(ErrInvalidKey, err)
		}
		if err := call(s, key+name); err != nil {
			c.expect(ErrKeyNotFound, err)
		}
	}
	c.expect(ErrValueTooLarge, s.Set(key, bytes.Repeat(value, 10), 0))
	c.expect(ErrInvalidTTL, s.Set(key, value, -1))
	require.NoError(t, s.Set(key, value, time.Second))
	_, err := s.Incr(key, 1, 0)
	c.expect(ErrNotInteger, err)
	require.NoError(t, s.Set(key+"#max", []byte("9223372036854775807"), 0))
	_, err = s.Incr(key+"#max", 1, 0)
	c.expect(ErrOverflow, err)
	clock.pass(time.Second)
	_, err = s.Get(key)
	c.expect(ErrKeyExpired, err)
	repo := NewRepository[map[string]int](s, keyCanary+":")
	require.NoError(t, s.Set(keyCanary+":1", value, 0))
	_, err = repo.Get(context.Background(), "1")
	c.expect(err, err)
	_, err = NewKVStore(c.options(d, clock))
	c.expect(ErrLocked, err)
	c.show(s)
	require.NoError(t, s.Close())
	for _, call := range everyCall() {
		c.expect(ErrStoreClosed, call(s, key))
	}
	opts.ReadOnly = true
	s = mustOpen(t, opts)
	c.expect(ErrReadOnly, s.Set(key, value, 0))
	require.NoError(t, s.Close())
	c.listen()
}

// TestNoKeysOrValuesWhenFilesAreDamaged reads, opens and verifies damage.
func TestNoKeysOrValuesWhenFilesAreDamaged(t *testing.T) {
	c := &cage{t: t}
	d, clock := newDisk(t), newHandClock()
	s := mustOpen(t, c.options(d, clock))
	for i := range 30 {
		require.NoError(t, s.Set(fmt.Sprint(keyCanary, i), []byte(valueCanary), time.Hour))
	}
	killed, live := imageOf(t, d.KillClone()), imageOf(t, d)
	file := live.withoutCaches().names()[0]
	require.NoError(t, s.Close())
	closed := imageOf(t, d)
	for _, im := range []image{closed, killed} {
		for _, file := range im.names() {
			for at := 0; at < len(im[file]); at += 7 {
				damaged := bytes.Clone(im[file])
				damaged[at] ^= 0x55
				s, err := NewKVStore(c.options(im.with(file, damaged).disk(t), clock))
				if err != nil {
					c.expect(ErrCorrupt, err)
					continue
				}
				c.show(s)
				require.NoError(t, s.Close())
			}
		}
	}

	d = closed.disk(t)
	s = mustOpen(t, c.options(d, clock))
	damageOpenFile(t, d, file)
	_, err := s.Get(keyCanary + "0")
	c.expect(ErrCorrupt, err)
	_, err = s.Verify(context.Background())
	c.expect(ErrCorrupt, err)
	for _, err = range s.Scan("") {
	}
	c.expect(ErrCorrupt, err)
	c.show(s)
	require.NoError(t, s.Close())
	c.listen()
}

// damageOpenFile flips a byte of the first record's value in place, under a
// store that has the file open.
func damageOpenFile(t *testing.T, d *vfs.Disk, file string) {
	t.Helper()
	dir, err := d.OpenDir(imageDir)
	require.NoError(t, err)
	f, err := dir.Open(file, vfs.ReadWrite)
	require.NoError(t, err)
	data, err := d.ReadFile(imageDir, file)
	require.NoError(t, err)
	at := bytes.Index(data, []byte(valueCanary))
	_, err = f.WriteAt([]byte("X"), int64(at))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, dir.Close())
}

// TestNoKeysOrValuesWhenTheDiskFails fails every kind of call under a write,
// and the sync behind the back of SyncInterval.
func TestNoKeysOrValuesWhenTheDiskFails(t *testing.T) {
	c := &cage{t: t}
	for kind := vfs.OpCreate; kind <= vfs.OpProtect; kind++ {
		for _, cause := range []error{errIO, vfs.ErrNoSpace} {
			d, clock := newDisk(t), newHandClock()
			d.Placement = vfs.ByCall
			s := mustOpen(t, c.options(d, clock))
			require.NoError(t, s.Set(keyCanary, []byte(valueCanary), 0))
			d.SetHook(func(op vfs.Op) error {
				if op.Kind == kind {
					return cause
				}
				return nil
			})
			for i := range 20 {
				if err := s.Set(fmt.Sprint(keyCanary, i), []byte(valueCanary), 0); err != nil {
					c.expect(cause, err)
				}
			}
			c.show(s)
			if err := s.Close(); err != nil {
				c.expect(err, err)
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		opts := c.options(d, newHandClock())
		opts.Sync = SyncInterval
		s := mustOpen(t, opts)
		require.NoError(t, s.Set(keyCanary, []byte(valueCanary), 0))
		failSyncs(d)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Contains(t, c.shown.String(), "background sync failed")
		c.expect(ErrPoisoned, s.Set(keyCanary, []byte(valueCanary), 0))
		c.expect(ErrPoisoned, s.Close())
	})
	c.listen()
}
