package db

import (
	"context"
	"iter"

	"github.com/spcent/plumego/store"
)

// A page has at least one row, and ends when it has so many, or so many bytes.
const (
	pageRows  = 256
	firstPage = 32
	pageBytes = 1 << 20
)

// Scan yields the entries whose keys begin with prefix and are not less than
// from, in ascending byte order. What is changed meanwhile is seen if it lies
// in a page that was not read yet. An error is the last thing yielded.
func (k *KV) Scan(ctx context.Context, prefix, from string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		at, to := max(prefix, from), after(prefix)
		for rows := firstPage; ; rows = min(2*rows, pageRows) {
			page, more, err := k.page(ctx, at, to, rows)
			for _, item := range page {
				if done := ended(ctx); done != nil {
					yield(store.Item{}, done)
					return
				}
				if !yield(item, nil) {
					return
				}
			}
			if err == nil {
				err = ended(ctx)
			}
			if err != nil {
				yield(store.Item{}, err)
				return
			}
			if !more {
				return
			}
			at = page[len(page)-1].Key + "\x00"
		}
	}
}

// page reads entries from at on, below to unless that is empty, and reports
// whether there may be more.
func (k *KV) page(ctx context.Context, at, to string, rows int) (page []store.Item, more bool, err error) {
	if err := k.begin(ctx); err != nil {
		return nil, false, err
	}
	defer k.mu.RUnlock()
	statement, args := k.say.from, []any{[]byte(at), rows}
	if to != "" {
		statement, args = k.say.between, []any{[]byte(at), []byte(to), rows}
	}
	bytes := 0
	for r, err := range Rows[row](ctx, k.db, k.write(statement), args...) {
		if err != nil {
			return nil, false, err
		}
		page = append(page, r.item())
		if bytes += len(r.V); bytes >= pageBytes {
			return page, true, nil
		}
	}
	return page, len(page) == rows, nil
}

// after returns the least string greater than all that begin with prefix, or
// "" if there is none.
func after(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}
