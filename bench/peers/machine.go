package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/google/btree"
)

// What the machine can do at the most: the least work that any store on it
// must do for the same row.

// recordSize is about what a log writes for one key and value.
const recordSize = 300

// mapCopies copies values from random places of a mapped file that is as
// large as all values.
func mapCopies(goroutines int) measure {
	return func(s *subject, t task) (metrics, error) {
		m, err := s.mapped()
		if err != nil {
			return nil, err
		}
		defer syscall.Munmap(m)
		perSecond, err := race(t.Time, goroutines, func(g int) op {
			rnd := rand.New(rand.NewPCG(uint64(t.Run), uint64(g)))
			n := len(m) / valueSize
			return func() (int, error) {
				at := rnd.IntN(n) * valueSize
				sink(clone(m[at : at+valueSize]))
				return 1, nil
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// mapStream copies all values of such a file, in order.
func mapStream(s *subject, t task) (metrics, error) {
	m, err := s.mapped()
	if err != nil {
		return nil, err
	}
	defer syscall.Munmap(m)
	perSecond, err := race(t.Time, 1, func(int) op {
		var buf []byte
		return func() (int, error) {
			for at := 0; at < len(m); at += valueSize {
				buf = append(buf[:0], m[at:at+valueSize]...)
			}
			sink(buf)
			return len(m) / valueSize, nil
		}
	})
	return metrics{rate: perSecond}, err
}

// sink keeps the compiler from leaving a copy out.
//
//go:noinline
func sink([]byte) {}

// mapped makes the file once, and maps it with its pages ready.
func (s *subject) mapped() ([]byte, error) {
	name := filepath.Join(s.dir, "mapped")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int64(s.keys.load.len() * valueSize)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	for at := info.Size(); at < size; at += int64(len(s.keys.pool)) {
		if _, err := f.WriteAt(s.keys.pool, at); err != nil {
			return nil, err
		}
	}
	return syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED|syscall.MAP_POPULATE)
}

// appends writes records at the end of a file, goroutines taking turns at
// nothing but the offset.
func appends(goroutines int) measure {
	return func(s *subject, t task) (metrics, error) {
		f, done, err := s.scratch(0)
		if err != nil {
			return nil, err
		}
		defer done()
		var at atomic.Int64
		perSecond, err := race(t.Time, goroutines, func(int) op {
			return func() (int, error) {
				_, err := f.WriteAt(s.keys.pool[:recordSize], at.Add(recordSize)-recordSize)
				return 1, err
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// syncs writes groups of so many records at once, each followed by one
// fdatasync. The file is reserved beforehand, which makes syncs cheaper.
func syncs(group int) measure {
	return func(s *subject, t task) (metrics, error) {
		const reserve = 64 << 20
		f, done, err := s.scratch(reserve)
		if err != nil {
			return nil, err
		}
		defer done()
		at := int64(0)
		b := s.keys.pool[:group*recordSize]
		perSecond, err := race(t.Time, 1, func(int) op {
			return func() (int, error) {
				if at+int64(len(b)) > reserve {
					at = 0
				}
				if _, err := f.WriteAt(b, at); err != nil {
					return 0, err
				}
				at += int64(len(b))
				return group, syscall.Fdatasync(int(f.Fd()))
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// scratch makes a file with so many bytes of blocks.
func (s *subject) scratch(reserve int64) (f *os.File, done func(), err error) {
	f, err = os.CreateTemp(s.dir, "scratch")
	if err != nil {
		return nil, nil, err
	}
	done = func() { f.Close(); os.Remove(f.Name()) }
	if reserve > 0 {
		if err = syscall.Fallocate(int(f.Fd()), 0, 0, reserve); err == nil {
			err = f.Sync()
		}
	}
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("scratch file: %w", err)
	}
	return f, done, nil
}

// treeInserts puts all keys into an empty B-tree.
func treeInserts(s *subject, t task) (metrics, error) {
	tree := btree.NewOrderedG[string](64)
	i := 0
	perSecond, err := race(freshTimes*t.Time, 1, func(int) op {
		return func() (int, error) {
			if i == s.keys.load.len() {
				return 0, errDone
			}
			tree.ReplaceOrInsert(s.keys.load.at(i))
			i++
			return 1, nil
		}
	})
	return metrics{rate: perSecond}, err
}
