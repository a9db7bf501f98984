package file

import (
	"context"
	"iter"
	"strings"
)

// List implements Storage. It reads all that is written of the files, small
// bodies included, and one file of each prefix.
func (s *KVStorage) List(ctx context.Context, opts ListOptions) (Page, error) {
	err := opts.check()
	if err != nil {
		return Page{}, failed("list", opts.Prefix, err)
	}
	page, err := list(opts, s.walk(ctx, opts.Prefix))
	return page, failed("list", opts.Prefix, err)
}

func (s *KVStorage) walk(ctx context.Context, prefix string) walk {
	root := s.keys.manifest("")
	return func(from string) iter.Seq2[listed, error] {
		return func(yield func(listed, error) bool) {
			for item, err := range s.kv.Scan(ctx, root+prefix, root+from) {
				if err != nil {
					yield(listed{}, err)
					return
				}
				e := toEntry(strings.TrimPrefix(item.Key, root), item)
				if !yield(listed{e.path, e.tryStat}, nil) {
					return
				}
			}
		}
	}
}

// tryStat returns what is known of the file, if anything is.
func (e entry) tryStat() (FileStat, error) {
	if err := e.problem(); err != nil {
		return FileStat{}, err
	}
	return e.stat(), nil
}
