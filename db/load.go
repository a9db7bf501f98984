package db

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spcent/plumego/store"
)

// ErrInvalidDump says that what Load reads is no dump. The text has the number
// of the entry.
var ErrInvalidDump error = sentinel{"db: not a dump", store.ErrInvalid}

// A commit of Load has so many entries at most, and so many bytes of values,
// or one entry.
const (
	loadEntries = 100
	loadBytes   = 4 << 20
)

// Load puts into kv what kvctl dump has written: JSON Lines of key or key64,
// value or value64, and deadline. It returns how many entries it has put,
// those whose deadline has passed included, which are gone at once. What lies
// in kv under other keys stays.
//
// After an error the entries before the one it names are there, or some of
// them; loading the same dump again is no harm.
func Load(ctx context.Context, kv store.KV, dump io.Reader) (loaded int64, err error) {
	l := loader{kv: kv, seen: map[string]bool{}}
	decoder := json.NewDecoder(dump)
	decoder.DisallowUnknownFields()
	for n := int64(1); ; n++ {
		var e entry
		err := decoder.Decode(&e)
		if err == io.EOF {
			err = l.flush(ctx)
			return l.loaded, err
		}
		var change store.Change
		if err == nil {
			change, err = e.change()
		}
		if err != nil {
			return l.loaded, fmt.Errorf("%w: entry %d", unreadable(err), n)
		}
		if err := l.add(ctx, change); err != nil {
			return l.loaded, fmt.Errorf("db: load: entry %d or before: %w", n, err)
		}
	}
}

// unreadable returns ErrInvalidDump for what is wrong with a dump, whose own
// text would quote it, and keeps the error of a reader.
func unreadable(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrInvalidDump) {
		return ErrInvalidDump
	}
	return &Error{Op: "load", Kind: ErrInvalidDump, cause: err}
}

// entry is a line of a dump.
type entry struct {
	Key      *string    `json:"key"`
	Key64    *string    `json:"key64"`
	Value    *string    `json:"value"`
	Value64  *string    `json:"value64"`
	Deadline *time.Time `json:"deadline"`
}

func (e entry) change() (store.Change, error) {
	key, keyErr := decode(e.Key, e.Key64)
	value, valueErr := decode(e.Value, e.Value64)
	c := store.Change{Key: string(key), Value: value}
	if e.Deadline != nil {
		c.Deadline = *e.Deadline
		if c.Deadline.IsZero() {
			c.Deadline = time.Unix(0, 0) // one that has passed, and not none
		}
	}
	return c, errors.Join(keyErr, valueErr)
}

// decode returns bytes that were given in one of two forms.
func decode(text, b64 *string) ([]byte, error) {
	switch {
	case text != nil && b64 == nil:
		return []byte(*text), nil
	case text == nil && b64 != nil:
		if b, err := base64.StdEncoding.DecodeString(*b64); err == nil {
			return b, nil
		}
	}
	return nil, ErrInvalidDump
}

// loader gathers changes into commits.
type loader struct {
	kv      store.KV
	changes []store.Change
	seen    map[string]bool // keys of changes
	bytes   int             // of their values
	loaded  int64
}

func (l *loader) add(ctx context.Context, c store.Change) error {
	if len(l.changes) == loadEntries || l.bytes+len(c.Value) > loadBytes || l.seen[c.Key] {
		if err := l.flush(ctx); err != nil {
			return err
		}
	}
	l.changes = append(l.changes, c)
	l.seen[c.Key] = true
	l.bytes += len(c.Value)
	return nil
}

func (l *loader) flush(ctx context.Context) error {
	if len(l.changes) == 0 {
		return nil
	}
	if _, err := l.kv.Commit(ctx, l.changes...); err != nil {
		return err
	}
	l.loaded += int64(len(l.changes))
	l.changes, l.bytes = l.changes[:0], 0
	clear(l.seen)
	return nil
}
