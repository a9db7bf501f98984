package cache

import "testing"

// TestTrial: records that were found once are let in until most of them turn
// out to be useless, and again when they no more do.
func TestTrial(t *testing.T) {
	var trial trial
	passed := func() (n int) {
		for range 2 * retrial {
			if trial.passes(1) {
				n++
			}
		}
		return n
	}
	judge := func(n int, found bool) {
		for range n {
			trial.judge(found)
		}
	}
	want := func(when string, n int) {
		t.Helper()
		if got := passed(); got != n {
			t.Errorf("%s: %d of %d pass, want %d", when, got, 2*retrial, n)
		}
		if trial.passes(0) || !trial.passes(2) {
			t.Errorf("%s: found never passes, or found twice does not", when)
		}
	}
	want("nothing is known", 2*retrial)
	judge(10, false)
	want("all were useless", 2)
	judge(5, true)
	want("a third was found", 2*retrial)
	judge(100*trialWindow, false)
	want("all were useless for long", 2)
	judge(trialWindow, true)
	want("all were found lately", 2*retrial)
}
