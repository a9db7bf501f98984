package main

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// errDone ends a goroutine's part of a measurement early.
var errDone = errors.New("nothing left to do")

// op does one operation. What it returns counts as so many.
type op func() (int, error)

// race has so many goroutines do operations until the time is over, and
// returns how many were done per second. begin makes the g-th goroutine's.
func race(t time.Duration, goroutines int, begin func(g int) op) (float64, error) {
	ops := make([]op, goroutines)
	for g := range ops {
		ops[g] = begin(g)
	}
	var stop atomic.Bool
	var total atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, goroutines)
	start := time.Now()
	timer := time.AfterFunc(t, func() { stop.Store(true) })
	defer timer.Stop()
	for g, do := range ops {
		all.Go(func() {
			done := 0
			for !stop.Load() {
				n, err := do()
				done += n
				if err != nil {
					errs[g] = err
					break
				}
			}
			total.Add(int64(done))
		})
	}
	all.Wait()
	perSecond := float64(total.Load()) / time.Since(start).Seconds()
	return perSecond, errors.Join(slices.DeleteFunc(errs, isDone)...)
}

func isDone(err error) bool { return err == errDone }
