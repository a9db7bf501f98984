package kv

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/spcent/plumego/store/internal/vfs"
)

// tails are what is written behind the last sync, up to eight sectors long.
func tails() map[string]string {
	return map[string]string{
		"small records":        `set a 10; set b 30; set a 0; delete b; incr n 1; set c 64; expire c 1m; incr n 1; set b 1; set d 90 1h; expire a 1m; delete a; incr n -7; set a 11; set b 12; set c 13; set d 14; set e 15; until f 1 1m; delete e`,
		"records of all sizes": `set a 200; set b 410; incr n 1; set c 700 1m; set d 3; set a 501; delete b; set e 90; set f 888; set g 8`,
		"a record a sector":    `set a 470; set b 470; set c 470; set d 470; set e 470; set f 470; set g 470`,
		"one big record":       `set a 3700`,
		"zeros":                `zeros a 1200; set b 1; zeros c 900; zeros d 1; zeros e 700; set f 20; zeros g 0`,
	}
}

// TestTornTail loses every subset of the sectors behind the last sync, with
// every kind of filling, and cuts the tail at every byte of the last
// records. What is recovered is exactly the records that are whole.
func TestTornTail(t *testing.T) {
	var total tallied
	t.Run("tails", func(t *testing.T) {
		for name, story := range tails() {
			for _, kind := range []diskKind{mapped, byCall, unmapped} {
				t.Run(fmt.Sprintf("%s, %v", name, kind), func(t *testing.T) {
					t.Parallel()
					s := script{name, kind, SyncNever, 16 << 10, parseSteps(SyncNever, "set z 100; set a 300; sync;"+story)}
					total.add(tearTail(t, s))
				})
			}
		}
	})
	t.Logf("T05: %d tails, %d images (%d different)", 3*len(tails()), total.images, total.distinct)
}

// tornTail is a store with a tail that is not synced.
type tornTail struct {
	*player
	count counts
	seen  map[print]bool
	file  string
	live  []byte  // of the file
	ends  []int64 // ends[j] is the end of the log after j mutations
	base  int     // mutations that are durable
}

func tearTail(t *testing.T, s script) counts {
	r := &tornTail{player: newPlayer(t, "T05", s), seen: map[print]bool{}}
	r.must(r.open())
	r.ends = []int64{0}
	for i := range s.steps {
		r.must(r.play(i))
		r.noteEnd()
	}
	r.base = r.past.durable
	r.live, _ = r.disk.ReadFile(dataDir, r.file)
	r.loseSectors(fewer(3))
	r.cutAtEveryByte(int64(fewer(300)))
	return r.count
}

// noteEnd notes where the log ends after a step.
func (r *tornTail) noteEnd() {
	sectors := r.disk.DirtySectors()
	if len(sectors) > 8 {
		r.fail("the tail has %d sectors", len(sectors))
	}
	if len(sectors) > 0 {
		r.file = sectors[0].Name
	}
	if len(r.past.states) > len(r.ends) {
		extents := r.store.engine.log.Extents()
		r.ends = append(r.ends, extents[len(extents)-1].Length())
	}
}

// loseSectors draws all subsets of the dirty sectors.
func (r *tornTail) loseSectors(fills int) {
	dirty := r.disk.DirtySectors()
	for subset := range 1 << len(dirty) {
		var keep []vfs.Sector
		for i, s := range dirty {
			if subset>>i&1 != 0 {
				keep = append(keep, s)
			}
		}
		for fill := range fills {
			r.judge(r.disk.CrashWith(vfs.Choice{Keep: keep, Fill: vfs.Fill(fill)}),
				fmt.Sprintf("sectors kept: %b, fill %d", subset, fill))
		}
	}
}

// cutAtEveryByte ends the file, and then what was written of it, at every
// one of the last bytes.
func (r *tornTail) cutAtEveryByte(last int64) {
	end := r.ends[len(r.ends)-1]
	for length := max(r.ends[r.base], end-last); length <= end; length++ {
		r.judge(r.disk.CrashWith(vfs.Choice{
			Keep: r.disk.DirtySectors(), Cut: &vfs.Cut{Dir: dataDir, Name: r.file, Length: length},
		}), fmt.Sprintf("file cut at byte %d of %d", length, end))

		image := r.disk.CrashClone(nil, vfs.KeepAll)
		b := bytes.Clone(r.live)
		clear(b[length:])
		r.must(image.WriteFile(dataDir, r.file, b))
		r.judge(image, fmt.Sprintf("zeros from byte %d of %d", length, end))
	}
}

// judge examines an image, which must show the mutations that are whole.
func (r *tornTail) judge(image *vfs.Disk, how string) {
	r.t.Helper()
	r.count.images++
	id := r.printOf(image)
	if r.seen[id] {
		return
	}
	r.seen[id] = true
	r.count.distinct++
	j := r.whole(image)
	if _, err := r.examine(image, r.past.states[j:j+1]); err != nil {
		r.fail("%s: %d mutations are whole: %v", how, j, err)
	}
}

// whole returns how many mutations an image has from the first on.
func (r *tornTail) whole(image *vfs.Disk) int {
	b, err := image.ReadFile(dataDir, r.file)
	r.must(err)
	j := r.base
	for j+1 < len(r.ends) && int64(len(b)) >= r.ends[j+1] && bytes.Equal(b[:r.ends[j+1]], r.live[:r.ends[j+1]]) {
		j++
	}
	return j
}
