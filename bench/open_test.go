package bench

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkOpen opens a store of all keys, closed or killed, with the files
// that only save time and without them, as often as -benchtime says. It
// reports the median time until a first Get has returned, and until the first
// item of a first Scan has. The files are in the page cache.
func BenchmarkOpen(b *testing.B) {
	d := newData(*numKeys)
	closed, killed := filepath.Join(b.TempDir(), "closed"), filepath.Join(b.TempDir(), "killed")
	s, err := openNever(closed)
	must(b, err)
	must(b, load(s, d))
	must(b, s.Sync())
	time.Sleep(time.Second) // what is done behind the writers is done
	copyFiles(b, closed, killed, nil)
	took := time.Now()
	must(b, s.Close())
	b.Logf("Close took %v", time.Since(took))
	for _, c := range []struct {
		name, from string
		without    []string
	}{
		{"closed", closed, nil},
		{"closed, no index", closed, []string{"INDEX"}},
		{"closed, no index, no hints", closed, []string{"INDEX", "*.hint"}},
		{"killed", killed, nil},
		{"killed, no hints", killed, []string{"*.hint"}},
	} {
		b.Run(c.name, func(b *testing.B) { benchOpen(b, d, c.from, c.without) })
	}
}

func benchOpen(b *testing.B, d *data, from string, without []string) {
	var toGet, toScan []time.Duration
	dir := filepath.Join(b.TempDir(), "store")
	for range b.N {
		b.StopTimer()
		must(b, os.RemoveAll(dir))
		copyFiles(b, from, dir, without)
		b.StartTimer()
		start := time.Now()
		s, err := openNever(dir)
		must(b, err)
		_, err = s.Get(d.probe[0])
		must(b, err)
		toGet = append(toGet, time.Since(start))
		for _, err := range s.Scan("") {
			must(b, err)
			break
		}
		toScan = append(toScan, time.Since(start))
		b.StopTimer()
		r := s.Stats().Recovery
		b.ReportMetric(float64(r.Records), "records-read")
		must(b, s.Close())
	}
	b.ReportMetric(percentile(toGet, 0.5)/1e6, "ms-to-Get")
	b.ReportMetric(percentile(toScan, 0.5)/1e6, "ms-to-Scan")
}

// copyFiles copies a directory, but for the files that match.
func copyFiles(b *testing.B, from, to string, without []string) {
	must(b, os.CopyFS(to, os.DirFS(from)))
	for _, pattern := range without {
		matches, err := filepath.Glob(filepath.Join(to, pattern))
		must(b, err)
		for _, name := range matches {
			must(b, os.Remove(name))
		}
	}
}
