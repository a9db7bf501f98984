package verify

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/spcent/plumego/store/kv"
)

// measure is what a process has taken. Where there is no /proc, memory and
// descriptors are 0.
type measure struct {
	resident   int64 // bytes of memory, mapped files included
	fds        int
	goroutines int
	disk       int64 // bytes of the directory's files
}

func takeMeasure(dir string) (m measure) {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, resident int64
		_, err := fmt.Sscan(string(text), &size, &resident)
		must(err)
		m.resident = resident * int64(os.Getpagesize())
	}
	fds, _ := os.ReadDir("/proc/self/fd")
	m.fds, m.goroutines = len(fds), runtime.NumGoroutine()
	files, _ := os.ReadDir(dir)
	for _, file := range files {
		if info, err := file.Info(); err == nil {
			m.disk += info.Size()
		}
	}
	return m
}

func (m measure) max(o measure) measure {
	return measure{max(m.resident, o.resident), max(m.fds, o.fds), max(m.goroutines, o.goroutines), max(m.disk, o.disk)}
}

// exceeds reports whether there is more than there should be after warming
// up. Files come and go with the segments. The race detector takes memory of
// its own for all that is ever touched.
func (m measure) exceeds(warm measure) bool {
	return 10*m.resident > 13*warm.resident && !raceEnabled || 10*m.fds > 13*warm.fds+40 || m.goroutines > warm.goroutines+2
}

// checkDisk holds the directory to the bound that the README states: twice
// the bytes of the live records or eight small segments, and what snapshots
// keep; beside that, the room of the segment that is being written and of
// the next, and of one that is being copied or has just been let go.
func (m measure) checkDisk(t *testing.T, st kv.Stats) {
	bound := max(2*st.LiveBytes, 8*soakSegment) + st.PinnedBytes
	if st.DiskBytes > bound+soakSegment && !t.Failed() {
		t.Errorf("records take %d bytes on disk, %d are live, %d pinned", st.DiskBytes, st.LiveBytes, st.PinnedBytes)
	}
	if m.disk > bound+4*soakSegment && !t.Failed() {
		t.Errorf("the directory has %d bytes; %d of records are live, %d pinned", m.disk, st.LiveBytes, st.PinnedBytes)
	}
}

func (m measure) String() string {
	return fmt.Sprintf("%d MiB resident, %d descriptors, %d goroutines, %d MiB on disk", m.resident>>20, m.fds, m.goroutines, m.disk>>20)
}
