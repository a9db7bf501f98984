package main

import "fmt"

// scanSize is how many keys a short scan reads.
const scanSize = 100

// shortScans reads the first keys with a prefix that a few hundred have.
func shortScans(s *subject, t task) (metrics, error) {
	digits := 0
	for n := s.keys.load.len(); n >= 16*2*scanSize; n /= 16 {
		digits++
	}
	want := min(scanSize, s.keys.load.len())
	perSecond, err := race(t.Time, 1, func(int) op {
		w := walker(s.keys.uniform, 0, 1, t.Run)
		return func() (int, error) {
			seen, bytes := 0, 0
			err := s.e.scan(w.next()[:len(prefix)+digits], scanSize, func(_ string, v []byte) { seen++; bytes += len(v) })
			if err == nil && (seen != want || bytes != seen*valueSize) {
				err = fmt.Errorf("scan: %d keys, %d bytes of values", seen, bytes)
			}
			return 1, err
		}
	})
	return metrics{rate: perSecond}, err
}

// fullScans reads all keys, with values or without; each key counts.
func fullScans(values bool) measure {
	return func(s *subject, t task) (metrics, error) {
		n := s.keys.load.len()
		perSecond, err := race(t.Time, 1, func(int) op {
			return func() (int, error) {
				seen := 0
				var err error
				if values {
					err = s.e.scan(prefix, n+1, func(string, []byte) { seen++ })
				} else {
					err = s.e.scanKeys(prefix, n+1, func(string) { seen++ })
				}
				if err == nil && seen != n {
					err = fmt.Errorf("scan: %d keys of %d", seen, n)
				}
				return seen, err
			}
		})
		return metrics{rate: perSecond}, err
	}
}
