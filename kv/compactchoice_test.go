package kv

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/seglog"
)

// Shapes of segments for the choice, by what is to be said of them.
func mostlyAlive(number uint32, dead int64) seglog.Shape {
	return seglog.Shape{Number: number, Sealed: true, Size: 1000, Dead: dead, Gain: dead, Stale: dead > 0, Last: uint64(number), Latest: math.MaxInt64}
}

func hollow(number uint32) seglog.Shape {
	return seglog.Shape{Number: number, Sealed: true, Size: 1000, Dead: 1000, Gain: 1000, Stale: true, Last: uint64(number)}
}

// TestWhatIsInTheWayGoesFirst picks among segments whose values have all
// expired, behind one with dead values of its own: each of theirs would leave
// a tombstone as long as that is there.
func TestWhatIsInTheWayGoesFirst(t *testing.T) {
	all := choice{published: math.MaxUint64, least: 1, limit: 1000}
	purged := mostlyAlive(1, 10)
	purged.Purged = 99
	busy := mostlyAlive(1, 10)
	busy.Sealed = false
	for name, c := range map[string]struct {
		shapes []seglog.Shape
		want   []uint32
	}{
		"it costs less":               {[]seglog.Shape{mostlyAlive(1, 900), hollow(2), hollow(3)}, []uint32{1}},
		"it costs more":               {[]seglog.Shape{mostlyAlive(1, 100), hollow(2), hollow(3)}, []uint32{2}},
		"less than all that waits":    {[]seglog.Shape{mostlyAlive(1, 100), hollow(2), hollow(3), hollow(4), hollow(5)}, []uint32{1}},
		"two cost more":               {[]seglog.Shape{mostlyAlive(1, 700), mostlyAlive(2, 700), hollow(3), hollow(4)}, []uint32{3}},
		"two cost less":               {[]seglog.Shape{mostlyAlive(1, 900), mostlyAlive(2, 900), hollow(3), hollow(4)}, []uint32{1}},
		"it was purged since":         {[]seglog.Shape{purged, hollow(2), hollow(3), hollow(4), hollow(5)}, []uint32{2}},
		"it cannot be compacted now":  {[]seglog.Shape{busy, hollow(2), hollow(3), hollow(4), hollow(5)}, []uint32{2}},
		"nothing is dead in it":       {[]seglog.Shape{mostlyAlive(1, 0), hollow(2), hollow(3), hollow(4), hollow(5)}, []uint32{2}},
		"it is behind, not before":    {[]seglog.Shape{hollow(1), mostlyAlive(2, 900)}, []uint32{1}},
		"nothing is wholly dead here": {[]seglog.Shape{mostlyAlive(1, 900)}, nil},
	} {
		require.Equal(t, c.want, all.pick(c.shapes), name)
	}
}
