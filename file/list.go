package file

import (
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/spcent/plumego/store"
)

// listed is a file met while listing.
type listed struct {
	path string
	stat func() (FileStat, error)
}

// walk yields files in ascending order of names, from a name on.
type walk func(from string) iter.Seq2[listed, error]

// list makes a page of what w yields, which are the files with the prefix.
func list(opts ListOptions, w walk) (Page, error) {
	p := pager{opts: opts, limit: opts.Limit}
	if p.limit == 0 {
		p.limit = MaxPage
	}
	from, err := fromToken(opts.Token)
	if err != nil {
		return Page{}, err
	}
	for more := true; more; {
		if from, more, err = p.run(w, from); errors.Is(err, store.ErrCorrupt) {
			return p.page, err
		} else if err != nil {
			return Page{}, err
		}
	}
	return p.page, nil
}

// pager fills one page.
type pager struct {
	opts  ListOptions
	limit int
	page  Page
}

// run adds what there is from a name on, up to the first file of a new prefix:
// the rest of those that share it need not be read. It returns where to go on.
func (p *pager) run(w walk, from string) (next string, more bool, err error) {
	for f, err := range w(from) {
		if err != nil {
			return "", false, err
		}
		stat, err := f.stat()
		if errors.Is(err, ErrNotFound) {
			continue // it has expired, or was deleted a moment ago
		}
		if err != nil && !errors.Is(err, store.ErrCorrupt) {
			return "", false, err
		}
		if p.size() == p.limit {
			p.page.Next = toToken(f.path)
			return "", false, nil
		}
		if shared, ok := p.shared(f.path); ok {
			p.page.Prefixes = append(p.page.Prefixes, shared)
			next = after(shared)
			return next, next != "", nil
		}
		if err != nil {
			p.page.Damaged = append(p.page.Damaged, f.path)
		} else {
			p.page.Files = append(p.page.Files, stat)
		}
	}
	return "", false, nil
}

func (p *pager) size() int {
	return len(p.page.Files) + len(p.page.Prefixes) + len(p.page.Damaged)
}

// shared returns what a name has up to the first delimiter behind the prefix.
func (p *pager) shared(path string) (string, bool) {
	if p.opts.Delimiter == "" {
		return "", false
	}
	start := len(p.opts.Prefix)
	i := strings.Index(path[start:], p.opts.Delimiter)
	if i < 0 {
		return "", false
	}
	return path[:start+i+len(p.opts.Delimiter)], true
}

// after returns the least string that is greater than every string with the
// prefix, or "" if there is none.
func after(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}

// A token is the name with which the next page begins, so that it stays good
// whatever is deleted.
func toToken(from string) string { return base64.RawURLEncoding.EncodeToString([]byte(from)) }

func fromToken(token string) (from string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) > MaxPath {
		return "", fmt.Errorf("%w: page token", ErrInvalidOption)
	}
	return string(b), nil
}
