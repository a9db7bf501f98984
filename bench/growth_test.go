package bench

import (
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var growth = flag.String("growth", "", "sizes of the stores of BenchmarkGrowth, with commas (default a hundredth of -keys, a tenth, and all)")

// BenchmarkGrowth reads stores of several sizes, uniformly, so that it shows
// what a Get costs when the store grows:
//
//	go test -run '^$' -bench Growth ./bench -growth 10000,100000,1000000,10000000
//
// Ten million keys take 5 GB of disk and as much memory.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range growthSizes(b) {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			d := newData(n)
			s, err := openNever(filepath.Join(b.TempDir(), "store"))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			if err := load(s, d); err != nil {
				b.Fatal(err)
			}
			b.Run("Get", func(b *testing.B) {
				b.ReportAllocs()
				if err := spread(get, s, d, 1, b.N); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

func growthSizes(b *testing.B) []int {
	b.Helper()
	if *growth == "" {
		return []int{max(1, *numKeys/100), max(1, *numKeys/10), *numKeys}
	}
	var sizes []int
	for s := range strings.SplitSeq(*growth, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			b.Fatalf("-growth: %q is no size", s)
		}
		sizes = append(sizes, n)
	}
	return sizes
}
