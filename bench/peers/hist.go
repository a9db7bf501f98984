package main

import (
	"math/bits"
	"time"
)

// hist counts durations in buckets, each at most 1/16 wider than its lower
// bound.
type hist struct {
	counts [64 * 16]int64
	total  int64
}

func (h *hist) add(d time.Duration) {
	h.counts[bucketOf(uint64(max(d, 0)))]++
	h.total++
}

func (h *hist) merge(o *hist) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
}

// quantile returns what so large a share of the durations do not exceed, to
// the width of a bucket.
func (h *hist) quantile(share float64) time.Duration {
	left := int64(float64(h.total)*share) + 1
	for i, n := range h.counts {
		if left -= n; left <= 0 {
			return time.Duration(boundOf(i))
		}
	}
	return time.Duration(boundOf(len(h.counts) - 1))
}

func bucketOf(ns uint64) int {
	if ns < 16 {
		return int(ns)
	}
	shift := bits.Len64(ns) - 5 // leaves five bits, the first of them 1
	return (shift+1)*16 + int(ns>>shift) - 16
}

// boundOf returns the greatest duration of a bucket.
func boundOf(i int) uint64 {
	if i < 32 {
		return uint64(i)
	}
	shift := i/16 - 1
	return uint64(i%16+17)<<shift - 1
}
