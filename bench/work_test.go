package bench

import (
	"errors"
	"fmt"
	"sync"
)

// work does n operations on s, beginning at the start-th key.
type work func(s subject, d *data, start, n int) error

func get(s subject, d *data, start, n int) error {
	w := walkFrom(d.probe, start)
	for range n {
		if v, err := s.Get(w.next()); err != nil || len(v) != valueSize {
			return fmt.Errorf("get: %d bytes, %w", len(v), err)
		}
	}
	return nil
}

func appendGet(s subject, d *data, start, n int) error {
	w := walkFrom(d.probe, start)
	var dst []byte
	var err error
	for range n {
		if dst, err = s.AppendGet(dst[:0], w.next()); err != nil || len(dst) != valueSize {
			return fmt.Errorf("append-get: %d bytes, %w", len(dst), err)
		}
	}
	return nil
}

func getMiss(s subject, d *data, start, n int) error {
	w := walkFrom(d.absent, start)
	for range n {
		if _, err := s.Get(w.next()); err == nil {
			return errors.New("get of an absent key: no error")
		}
	}
	return nil
}

func overwrite(s subject, d *data, start, n int) error {
	w := walkFrom(d.probe, start)
	for range n {
		if err := s.Set(w.next(), d.value, 0); err != nil {
			return err
		}
	}
	return nil
}

func incr(s subject, d *data, start, n int) error {
	w := walkFrom(d.counter, start)
	for range n {
		if _, err := s.Incr(w.next(), 1, 0); err != nil {
			return err
		}
	}
	return nil
}

// mixed returns work in which every k-th operation is an overwrite and the
// others are gets.
func mixed(k int) work {
	return func(s subject, d *data, start, n int) error {
		w := walkFrom(d.probe, start)
		for i := range n {
			key := w.next()
			var err error
			if i%k == 0 {
				err = s.Set(key, d.value, 0)
			} else {
				_, err = s.Get(key)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// spread does n operations in all, shared out among goroutines that begin
// at keys far from each other.
func spread(w work, s subject, d *data, goroutines, n int) error {
	start := int(d.at.Add(int64(n))) - n
	if goroutines == 1 {
		return w(s, d, start, n)
	}
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			share := n*(g+1)/goroutines - n*g/goroutines
			errs[g] = w(s, d, start+g*len(d.probe)/goroutines, share)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
