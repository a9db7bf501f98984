package keydir

import (
	"fmt"
	"slices"
	"testing"
)

// expireAll sweeps until nothing is left to do, and returns the segments of
// the dead in order.
func expireAll(t testing.TB, d *Keydir, now int64, max int) (dead []uint32) {
	t.Helper()
	for more := true; more; {
		before := len(dead)
		var n int
		n, more = d.Expire(now, max, func(e Entry) { dead = append(dead, e.Segment) })
		if n != len(dead)-before || n > max {
			t.Fatalf("Expire: got n %d after %d calls, max %d", n, len(dead)-before, max)
		}
	}
	if next := d.NextDeadline(); next != 0 && next <= now {
		t.Fatalf("NextDeadline after Expire(%d): got %d", now, next)
	}
	slices.Sort(dead)
	return dead
}

func TestExpiryIsExactToTheMillisecond(t *testing.T) {
	for _, ahead := range []int64{1, 2, 999, 1000, 1001, 63_999, 64_000, 3_600_001, 30 * 24 * 3600 * second} {
		d := New(epoch)
		deadline := epoch + ahead
		putUntil(t, d, "before", 1, deadline-1)
		putUntil(t, d, "at", 2, deadline)
		putUntil(t, d, "after", 3, deadline+1)
		put(t, d, "never", 4)
		for i, want := range [][]uint32{nil, {1}, {2}, {3}, nil} {
			if got := expireAll(t, d, deadline-2+int64(i), 10); !slices.Equal(got, want) {
				t.Errorf("%d ms ahead, at %+d: got %v dead, want %v", ahead, i-2, got, want)
			}
		}
		if _, ok := find(d, "never"); !ok || d.Len() != 1 {
			t.Errorf("%d ms ahead: got %d left, want the one that never dies", ahead, d.Len())
		}
		check(t, d)
	}
}

func TestATimerArmedForNextDeadlineSeesEveryDeath(t *testing.T) {
	d := New(epoch)
	for i := range int64(200) {
		putUntil(t, d, fmt.Sprint(i), uint32(i), epoch+i*i*i)
	}
	wakes := 0
	for next := d.NextDeadline(); next != 0; next = d.NextDeadline() {
		wakes++
		for _, i := range expireAll(t, d, next, 10) {
			if want := epoch + int64(i)*int64(i)*int64(i); want != max(next, epoch) {
				t.Errorf("entry %d died at %d, want %d", i, next, want)
			}
		}
	}
	if d.Len() != 0 {
		t.Errorf("got %d left, want none", d.Len())
	}
	if wakes > 5*200 {
		t.Errorf("got %d wakes for 200 deadlines", wakes)
	}
}

func TestDeadlinesThatMove(t *testing.T) {
	d := New(epoch)
	h := d.Hash("k")
	steps := []struct {
		name     string
		deadline int64 // after epoch; below 0: none
		now      int64
		dies     bool
	}{
		{"set", 5000, 4999, false},
		{"later", 9500, 9499, false},
		{"later within the second, after a look at it", 9800, 9799, false},
		{"earlier within the second", 9900, 9899, false},
		{"cleared", -1, 50_000, false},
		{"set again, earlier than the last", 50_001, 50_000, false},
		{"far", 10_000_000, 60_000, false},
		{"near", 60_500, 60_499, false},
		{"past", 60_000, 60_499, true},
	}
	put(t, d, "k", 1)
	for _, s := range steps {
		deadline := epoch + s.deadline
		if s.deadline < 0 {
			deadline = 0
		}
		d.SetDeadline(h, "k", deadline)
		check(t, d)
		if died := len(expireAll(t, d, epoch+s.now, 1)) == 1; died != s.dies {
			t.Fatalf("%s: got died %v, want %v", s.name, died, s.dies)
		}
		check(t, d)
	}
}

func TestPlainPutClearsADeadline(t *testing.T) {
	d := New(epoch)
	putUntil(t, d, "k", 1, epoch+10)
	put(t, d, "k", 2)
	if got := expireAll(t, d, epoch+second, 10); got != nil {
		t.Errorf("got %v dead, want none", got)
	}
	if got := d.NextDeadline(); got != 0 {
		t.Errorf("NextDeadline: got %d, want 0", got)
	}
}

func TestADeadlineBeforeTheEpochIsPast(t *testing.T) {
	d := New(epoch)
	putUntil(t, d, "k", 1, -5)
	if got := d.NextDeadline(); got == 0 || got > epoch {
		t.Errorf("NextDeadline: got %d", got)
	}
	check(t, d)
	if got := expireAll(t, d, epoch, 10); !slices.Equal(got, []uint32{1}) {
		t.Errorf("got %v dead, want it", got)
	}
}

func TestManyDeathsInOneSecondAreTakenInPortions(t *testing.T) {
	const n = 20_000
	d := New(epoch)
	for i := range n {
		putUntil(t, d, fmt.Sprint(i), uint32(i), epoch+5000+int64(i%1000))
	}
	for _, want := range []struct {
		now  int64
		dead int
	}{{5000, n / 1000}, {5499, n/2 - n/1000}, {6000, n / 2}} {
		if got := expireAll(t, d, epoch+want.now, 100); len(got) != want.dead {
			t.Errorf("at %d: got %d dead, want %d", want.now, len(got), want.dead)
		}
	}
	check(t, d)
}

func TestExpireAgainDoesNotTellTheDead(t *testing.T) {
	d := New(epoch)
	putUntil(t, d, "k", 1, epoch+1)
	remove(t, d, "k")
	if got := expireAll(t, d, epoch+1, 10); got != nil {
		t.Errorf("got %v dead, want none", got)
	}
	putUntil(t, d, "k", 2, epoch+2)
	if got := expireAll(t, d, epoch+2, 10); !slices.Equal(got, []uint32{2}) {
		t.Errorf("got %v dead, want the second life", got)
	}
	check(t, d)
}

func TestRemovedMayUseTheKeydir(t *testing.T) {
	d := New(epoch)
	putUntil(t, d, "k", 1, epoch+1)
	d.Expire(epoch+1, 10, func(Entry) {
		put(t, d, "k", 2)
		d.Fold()
		d.Expire(epoch+1, 10, func(Entry) {})
	})
	if e, ok := find(d, "k"); !ok || e.Segment != 2 {
		t.Errorf("got %v %v, want segment 2", e, ok)
	}
}

func TestChurnOfOneKeyFilesItOnce(t *testing.T) {
	for name, between := range map[string]func(*Keydir){
		"ghost":    func(*Keydir) {},
		"released": func(d *Keydir) { d.Fold() },
	} {
		t.Run(name, func(t *testing.T) {
			d := New(epoch)
			for i := range int64(10_000) {
				putUntil(t, d, "k", 1, epoch+3_600_000+i)
				remove(t, d, "k")
				between(d)
			}
			if got := d.deadlines.len(); got > 4 {
				t.Errorf("got %d ids filed, want one and its bucket", got)
			}
		})
	}
}

func TestStaleIdsAreTidiedAway(t *testing.T) {
	d := New(epoch)
	now := int64(epoch)
	for range 3 * staleMax {
		putUntil(t, d, "far", 1, now+30*24*3600*second)
		remove(t, d, "far")
		putUntil(t, d, "far", 2, now+1)
		now++
		if got := expireAll(t, d, now, 10); !slices.Equal(got, []uint32{2}) {
			t.Fatalf("got %v dead, want 2", got)
		}
	}
	putUntil(t, d, "far", 3, now+30*24*3600*second)
	if got := d.deadlines.len(); got > staleMax+100 {
		t.Errorf("got %d ids filed for one entry", got)
	}
	d.tidy()
	if got := d.deadlines.len(); got != 2 {
		t.Errorf("after tidy: got %d ids and places, want one and its bucket", got)
	}
	check(t, d)
	if got := expireAll(t, d, now+31*24*3600*second, 10); !slices.Equal(got, []uint32{3}) {
		t.Errorf("got %v dead, want 3", got)
	}
}

func TestSpreadDeadlinesNeedFewBuckets(t *testing.T) {
	d := New(epoch)
	fill(t, d, sessionKeys(10_000), 30*24*3600*second)
	if got := len(d.deadlines.buckets); got > 64*16 {
		t.Errorf("got %d buckets for 10000 deadlines in a month", got)
	}
	check(t, d)
}
