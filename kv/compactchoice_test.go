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
		"it costs more":               {[]seglog.Shape{mostlyAlive(1, 100), hollow(2), hollow(3)}, []uint32{2, 3}},
		"less than all that waits":    {[]seglog.Shape{mostlyAlive(1, 100), hollow(2), hollow(3), hollow(4), hollow(5)}, []uint32{1}},
		"two cost more":               {[]seglog.Shape{mostlyAlive(1, 700), mostlyAlive(2, 700), hollow(3), hollow(4)}, []uint32{3, 4}},
		"two cost less":               {[]seglog.Shape{mostlyAlive(1, 900), mostlyAlive(2, 900), hollow(3), hollow(4)}, []uint32{1, 2}},
		"it was purged since":         {[]seglog.Shape{purged, hollow(2), hollow(3), hollow(4), hollow(5)}, []uint32{2, 3, 4, 5}},
		"it cannot be compacted now":  {[]seglog.Shape{busy, hollow(2), hollow(3), hollow(4), hollow(5)}, []uint32{2, 3, 4, 5}},
		"nothing is dead in it":       {[]seglog.Shape{mostlyAlive(1, 0), hollow(2), hollow(3), hollow(4), hollow(5)}, []uint32{2, 3, 4, 5}},
		"it is behind, not before":    {[]seglog.Shape{hollow(1), mostlyAlive(2, 900)}, []uint32{1}},
		"nothing is wholly dead here": {[]seglog.Shape{mostlyAlive(1, 900)}, nil},
	} {
		require.Equal(t, c.want, all.pick(c.shapes), name)
	}
}

// TestARunTakesWhatIsAlike: neighbours of the best go with it as long as they
// are about as much worth, fit one segment, and are not too many.
func TestARunTakesWhatIsAlike(t *testing.T) {
	easy := choice{published: math.MaxUint64, least: 0.05, limit: 1000}
	busy := mostlyAlive(3, 900)
	busy.Sealed = false
	for name, c := range map[string]struct {
		shapes []seglog.Shape
		want   []uint32
	}{
		"one side":           {[]seglog.Shape{mostlyAlive(1, 800), mostlyAlive(2, 700)}, []uint32{1, 2}},
		"both sides":         {[]seglog.Shape{mostlyAlive(1, 700), mostlyAlive(2, 800), mostlyAlive(3, 700)}, []uint32{1, 2, 3}},
		"less worth":         {[]seglog.Shape{mostlyAlive(1, 800), mostlyAlive(2, 590)}, []uint32{1}},
		"just enough":        {[]seglog.Shape{mostlyAlive(1, 800), mostlyAlive(2, 610)}, []uint32{1, 2}},
		"it would not fit":   {[]seglog.Shape{mostlyAlive(1, 500), mostlyAlive(2, 500), mostlyAlive(3, 500)}, []uint32{1, 2}},
		"nothing is gained":  {[]seglog.Shape{mostlyAlive(1, 200), mostlyAlive(2, 0)}, []uint32{1}},
		"not behind a gap":   {[]seglog.Shape{mostlyAlive(1, 900), mostlyAlive(2, 100), mostlyAlive(3, 900)}, []uint32{1}},
		"not what is in use": {[]seglog.Shape{mostlyAlive(1, 900), mostlyAlive(2, 900), busy}, []uint32{1, 2}},
		"the hollow alone":   {[]seglog.Shape{hollow(1), hollow(2), mostlyAlive(3, 900)}, []uint32{1, 2}},
		"four at most": {[]seglog.Shape{
			mostlyAlive(1, 900), mostlyAlive(2, 900), mostlyAlive(3, 900), mostlyAlive(4, 900), mostlyAlive(5, 900),
		}, []uint32{1, 2, 3, 4}},
	} {
		require.Equal(t, c.want, easy.pick(c.shapes), name)
	}
}
