package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// perStore is how many keys the stores of these benchmarks have.
func perStore() int { return min(200_000, *numKeys) }

// watch calls look every few milliseconds until stop is called, which waits
// for its end.
func watch(look func()) (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				look()
			}
		}
	})
	return func() { close(done); all.Wait() }
}

// percentile returns what so large a share of the durations do not exceed.
func percentile(d []time.Duration, share float64) float64 {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return float64(d[min(len(d)-1, int(share*float64(len(d))))].Nanoseconds())
}

// reads reads random keys, one each time it is called, and takes the times.
type reads struct {
	s     *kv.KVStore
	names []string
	rng   *rand.Rand
	took  []time.Duration
}

func (r *reads) some(b *testing.B) {
	for range 20 {
		name := r.names[r.rng.IntN(len(r.names))]
		start := time.Now()
		if _, err := r.s.Get(name); err != nil {
			b.Error(err)
		}
		r.took = append(r.took, time.Since(start))
	}
}

// BenchmarkChurn overwrites every key ten times in random order, as fast as
// it can, beside a reader, and reports the most that the disk ever held per
// live byte, what was written per byte of keys and values, and the tails of
// reads without and with it.
func BenchmarkChurn(b *testing.B) {
	const rounds, size = 10, 256
	for b.Loop() {
		s, err := kv.NewKVStore(kv.Options{DataDir: b.TempDir(), Sync: kv.SyncNever})
		if err != nil {
			b.Fatal(err)
		}
		names := make([]string, perStore())
		value := make([]byte, size)
		for i := range names {
			names[i] = fmt.Sprintf("session:%032x", uint64(i)*0x9e3779b97f4a7c15)
			must(b, s.Set(names[i], value, 0))
		}
		quiet := &reads{s: s, names: names, rng: rand.New(rand.NewPCG(1, 1))}
		for range 2000 {
			quiet.some(b)
		}
		busy := &reads{s: s, names: names, rng: quiet.rng}
		most, hints := 0.0, int64(0)
		stop := watch(func() {
			u := s.Stats()
			most = max(most, float64(u.DiskBytes+u.HintBytes)/float64(u.LiveBytes))
			hints = max(hints, u.HintBytes)
			busy.some(b)
		})
		rng := rand.New(rand.NewPCG(2, 2))
		start := time.Now()
		for range rounds * len(names) {
			must(b, s.Set(names[rng.IntN(len(names))], value, 0))
		}
		took := time.Since(start)
		stop()
		u := s.Stats()
		user := float64((rounds + 1) * len(names) * (len(names[0]) + size))
		b.ReportMetric(most, "disk/live-max")
		b.ReportMetric(float64(u.AppendedBytes+u.CopiedBytes+hints)/user, "written/user-B")
		b.ReportMetric(float64(u.CopiedBytes)/float64(u.AppendedBytes), "copied/appended-B")
		b.ReportMetric(float64(took.Nanoseconds())/float64(rounds*len(names)), "ns/set")
		b.ReportMetric(float64(u.CompactWaits), "waits")
		b.ReportMetric(percentile(quiet.took, 0.999), "get-p99.9-quiet-ns")
		b.ReportMetric(percentile(busy.took, 0.999), "get-p99.9-busy-ns")
		must(b, s.Close())
	}
}

// BenchmarkExpiry writes keys that live for five seconds, waits until they
// are dead, and reports how long after the last deadline the disk was given
// back, what was written per byte of keys and values, and the tails of reads
// of other keys, before and while they die.
func BenchmarkExpiry(b *testing.B) {
	const size = 256
	ttl := 5 * time.Second
	if perStore() < 100_000 {
		ttl = 10 * time.Millisecond // nothing is measured here
	}
	for b.Loop() {
		s, err := kv.NewKVStore(kv.Options{DataDir: b.TempDir(), Sync: kv.SyncNever})
		if err != nil {
			b.Fatal(err)
		}
		value := make([]byte, size)
		others := make([]string, perStore()/1000)
		for i := range others {
			others[i] = fmt.Sprintf("permanent:%d", i)
			must(b, s.Set(others[i], value, 0))
		}
		first := time.Now().Add(ttl)
		for i := range perStore() {
			must(b, s.Set(fmt.Sprintf("session:%032x", uint64(i)*0x9e3779b97f4a7c15), value, ttl))
		}
		last := time.Now().Add(ttl)
		full := s.Stats()
		quiet := &reads{s: s, names: others, rng: rand.New(rand.NewPCG(1, 1))}
		for time.Until(first) > ttl/10 {
			quiet.some(b)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Until(first))
		busy := &reads{s: s, names: others, rng: quiet.rng}
		var back time.Duration
		for back < time.Minute {
			if u := s.Stats(); time.Now().After(last) && u.DiskBytes <= max(full.DiskBytes/4, 8<<20) {
				break
			}
			busy.some(b)
			time.Sleep(time.Millisecond)
			back = time.Since(last)
		}
		u := s.Stats()
		b.ReportMetric(percentile(quiet.took, 0.99), "get-p99-quiet-ns")
		b.ReportMetric(percentile(busy.took, 0.99), "get-p99-burst-ns")
		b.ReportMetric(back.Seconds()*1000, "ms-after-deadline")
		b.ReportMetric(float64(u.AppendedBytes+u.CopiedBytes)/float64(full.AppendedBytes), "written/appended-B")
		b.ReportMetric(float64(full.DiskBytes)/(1<<20), "MiB-before")
		b.ReportMetric(float64(u.DiskBytes)/(1<<20), "MiB-after")
		must(b, s.Close())
	}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
