package kv

import (
	"fmt"
	"strings"
)

// CheckPrefix returns nil if prefix is a word and one colon, the only one in
// it, and ErrInvalidOptions otherwise. Those who share a store by prefixes of
// this form share no key, whatever follows the prefix: none begins another.
func CheckPrefix(prefix string) error {
	if len(prefix) < 2 || strings.IndexByte(prefix, ':') != len(prefix)-1 {
		return fmt.Errorf("%w: a prefix is a word and one colon", ErrInvalidOptions)
	}
	return nil
}

// DeletePrefix deletes every key that begins with prefix, all keys if it is
// empty, and returns how many it has deleted. A key that is written meanwhile
// may be deleted or not. It is no single step: readers see keys go one after
// the other, and a crash may leave some. It costs a delete each, but one wait
// for the disk in all.
//
// Errors are those of Delete; then some keys are left.
func (s *KVStore) DeletePrefix(prefix string) (int, error) {
	e := s.engine
	n := 0
	var last *group
	for pair := range e.pairs(prefix) {
		deleted, g, err := s.deleteAlive(pair.Key)
		if g != last {
			if err := last.await(e); err != nil {
				return n, err
			}
			last = g
		}
		if err != nil {
			return n, err
		}
		if deleted {
			n++
		}
	}
	if e.closed.Load() {
		return n, ErrStoreClosed
	}
	return n, last.await(e)
}

// deleteAlive deletes a key if it has not expired, and returns the group to
// wait for.
func (s *KVStore) deleteAlive(key string) (deleted bool, g *group, err error) {
	e := s.engine
	h := e.index.Hash(key)
	e.lockToWrite()
	defer e.mu.Unlock()
	_, missing := e.alive(h, key)
	g, err = s.deleteLocked(key, h)
	return missing == nil && err == nil, g, err
}
