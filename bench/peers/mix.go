package main

import (
	"math/rand/v2"
	"runtime"
	rtmetrics "runtime/metrics"
	"syscall"
	"time"
)

// mixTimes is how many times the usual time a mix is measured, so that the
// tails say something.
const mixTimes = 3

// mix overwrites a share of the time and reads otherwise. Every write is
// timed, and one read in four, which costs less than timing all.
func mix(goroutines int, writes float64) measure {
	return func(s *subject, t task) (metrics, error) {
		reads, sets := make([]hist, goroutines), make([]hist, goroutines)
		runtime.GC() // brings the runtime's figures up to date
		before := cpuTimes()
		perSecond, err := race(mixTimes*t.Time, goroutines, func(g int) op {
			w := walker(s.keys.uniform, g, goroutines, t.Run)
			rnd := rand.New(rand.NewPCG(uint64(t.Run), uint64(g)))
			limit := uint32(writes * (1 << 30))
			return func() (int, error) {
				draw := rnd.Uint32()
				if draw&(1<<30-1) < limit {
					start := time.Now()
					err := s.e.set(s.next(w))
					sets[g].add(time.Since(start))
					return 1, err
				}
				if draw>>30 != 0 {
					return 1, readOne(s.e, w.next())
				}
				start := time.Now()
				err := readOne(s.e, w.next())
				reads[g].add(time.Since(start))
				return 1, err
			}
		})
		after := cpuTimes()
		if after.gc == before.gc { // no collection has ended, so count one
			runtime.GC()
			after = cpuTimes()
		}
		return metrics{
			rate:          perSecond,
			"read-p99.9":  tail(reads),
			"write-p99.9": tail(sets),
			"gc":          100 * (after.gc - before.gc) / (after.all - before.all),
		}, err
	}
}

// tail returns the 99.9th percentile of all, in microseconds.
func tail(of []hist) float64 {
	var all hist
	for i := range of {
		all.merge(&of[i])
	}
	return all.quantile(0.999).Seconds() * 1e6
}

// cpu is processor time of this process in seconds.
type cpu struct {
	gc  float64 // of collections that have ended
	all float64
}

func cpuTimes() cpu {
	s := []rtmetrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	rtmetrics.Read(s)
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // its arguments are right
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return cpu{gc: s[0].Value.Float64(), all: seconds(u.Utime) + seconds(u.Stime)}
}
