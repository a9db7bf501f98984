package spin

import (
	"sync"
	"testing"
)

// contend has goroutines count under a lock, and returns their count.
func contend(lock, unlock func()) (count int) {
	const goroutines, times = 8, 2000
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for range times {
				lock()
				count++
				unlock()
			}
		})
	}
	group.Wait()
	return count - goroutines*times
}

func TestLocksExclude(t *testing.T) {
	var m sync.Mutex
	if missed := contend(func() { Lock(&m) }, m.Unlock); missed != 0 {
		t.Errorf("Lock: %d of the counts are missing", -missed)
	}
	var rw sync.RWMutex
	if missed := contend(func() { WriteLock(&rw) }, rw.Unlock); missed != 0 {
		t.Errorf("WriteLock: %d of the counts are missing", -missed)
	}
}

// Readers share; a writer waits for them, and they for it, longer than spinning
// lasts.
func TestReadLock(t *testing.T) {
	var m sync.RWMutex
	ReadLock(&m)
	ReadLock(&m)
	written := make(chan int)
	value := 0
	go func() {
		WriteLock(&m)
		value = 1
		m.Unlock()
		written <- value
	}()
	for range 3 {
		spin(func() bool { return false })
	}
	if value != 0 {
		t.Error("somebody wrote beside two readers")
	}
	m.RUnlock()
	m.RUnlock()
	<-written
	ReadLock(&m)
	defer m.RUnlock()
	if value != 1 {
		t.Error("a reader does not see what was written before")
	}
}

func TestSpinGivesUp(t *testing.T) {
	tries := 0
	if spin(func() bool { tries++; return tries > turns }) {
		t.Error("a lock that was held throughout was taken")
	}
}

func BenchmarkSpin(b *testing.B) {
	var m sync.Mutex
	m.Lock()
	for b.Loop() {
		spin(m.TryLock)
	}
}
