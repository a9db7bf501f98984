package main

import "sync"

// stripes is locks for keys, for engines whose fastest way to count is to
// read and to write. Not every key has a lock of its own.
type stripes struct {
	locks [256]struct {
		sync.Mutex
		_ [56]byte // a cache line each
	}
}

func (s *stripes) of(key string) *sync.Mutex {
	h := uint32(2166136261) // FNV-1a
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return &s.locks[h%uint32(len(s.locks))].Mutex
}
