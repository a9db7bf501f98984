package kv

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// salvaged is what became of a damaged image.
type salvaged struct {
	SalvageReport
	got    ledger
	doubts map[string]KeyFate
	err    error
}

// salvage has a damaged image of the sample salvaged, and holds the old files
// to what they were and the new store to its own sums.
func (m *sample) salvage(t *testing.T, damaged image, label string) salvaged {
	t.Helper()
	const target = "salvaged"
	d := damaged.disk(t)
	m.tune(d)
	v := salvaged{doubts: map[string]KeyFate{}}
	v.SalvageReport, v.err = Salvage(context.Background(), imageDir, target, SalvageOptions{
		Key: func(key string, fate KeyFate) { v.doubts[key] = fate },
		Now: m.clock.now, fs: d, segmentSize: 16 << 10,
	})
	require.Empty(t, damaged.differs(imageOf(t, d)), "%s: this file was changed", label)
	if v.err != nil {
		return v
	}
	opts := onDisk(d, m.clock)
	opts.DataDir = target
	s := mustOpen(t, opts)
	var err error
	v.got, err = holdings(s)
	require.NoError(t, err, label)
	require.Len(t, v.got, v.Keys, label)
	_, err = s.Verify(context.Background())
	require.NoError(t, err, label)
	require.NoError(t, s.Close(), label)
	return v
}

// requireHonest holds what was salvaged to what the sample ever held: each
// value is one that its key had, and one that is not called doubtful is the
// last. It returns the keys that are missing.
func (m *sample) requireHonest(t *testing.T, v salvaged, want ledger, label string) (missing []string) {
	t.Helper()
	for key, h := range v.got {
		_, doubtful := v.doubts[key]
		if !doubtful {
			require.Equal(t, want[key], h, "%s: %q is not what it was, and not doubtful: %+v", label, key, v.SalvageReport)
		}
		require.True(t, m.everHeld(key, h), "%s: %q never held that", label, key)
	}
	for key := range want {
		if _, ok := v.got[key]; !ok {
			missing = append(missing, key)
		}
	}
	if len(v.Lost) == 0 {
		require.True(t, want.equal(v.got), "%s: nothing is said to be lost", label)
	}
	return missing
}

// everHeld reports whether a key had a value, and a deadline, at any time. A
// lost touch may leave the deadline of one record with the value of another.
func (m *sample) everHeld(key string, h holding) bool {
	value, deadline := false, false
	for _, page := range m.pages {
		if was, ok := page[key]; ok {
			value = value || was.value == h.value
			deadline = deadline || was.deadline == h.deadline
		}
	}
	return value && deadline
}

// wanted returns what salvaging should find: of a killed store with a torn
// tail, what was before the last record, unless only bytes behind it were hit.
func (m *sample) wanted(v salvaged) ledger {
	if !m.closed && len(v.Torn) > 0 && !v.got.equal(m.last(0)) {
		return m.last(1)
	}
	return m.last(0)
}

// TestSalvageEveryBit flips each bit of a small store. No more than the record
// that was hit may be lost, and not silently.
func TestSalvageEveryBit(t *testing.T) {
	for name, closed := range map[string]bool{"closed": true, "killed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newSample(t, closed, false)
			whole := m.salvage(t, m.image, "undamaged")
			require.NoError(t, whole.err)
			require.Equal(t, m.last(0), whole.got)
			require.Empty(t, whole.Lost)
			require.Empty(t, whole.Harmless)
			require.Zero(t, whole.Doubtful)
			n, lost := 0, 0
			for _, file := range m.names() {
				data := m.image[file]
				for bit := range bitsOf(len(data)) {
					flipped := append([]byte(nil), data...)
					flipped[bit/8] ^= 1 << (bit % 8)
					label := fmt.Sprintf("bit %d of byte %d of %s", bit%8, bit/8, file)
					v := m.salvage(t, m.image.with(file, flipped), label)
					require.NoError(t, v.err, label)
					missing := m.requireHonest(t, v, m.wanted(v), label)
					require.LessOrEqual(t, len(missing), 1, label)
					require.LessOrEqual(t, len(v.Lost), 1, label)
					lost += len(v.Lost)
					n++
				}
			}
			t.Logf("%d bits, %d times something was lost", n, lost)
		})
	}
}

// TestSalvageEveryDamageToWholeFiles deletes, cuts, extends, copies and swaps
// the files of a small store.
func TestSalvageEveryDamageToWholeFiles(t *testing.T) {
	m := newSample(t, true, false)
	n, gone := 0, 0
	for damage := range m.damages() {
		n++
		if testing.Short() && !drawn(n, 5) && !strings.Contains(damage.label, "swapped") {
			continue
		}
		v := m.salvage(t, damage.image, damage.label)
		if v.err != nil {
			requireRefusal(t, v.err, damage.label)
			gone++
			continue
		}
		missing := m.requireHonest(t, v, m.last(0), damage.label)
		if strings.Contains(damage.label, "swapped") && damage.file != "MANIFEST" && !strings.Contains(damage.label, "with MANIFEST") && !strings.Contains(damage.label, "LOCK") {
			require.Empty(t, missing, damage.label)
			require.Empty(t, v.Lost, damage.label)
		}
	}
	t.Logf("%d damages, %d of them to more than could be read", n, gone)
}

// TestSalvageOrdersBySeqWithoutAManifest renames every file at random.
func TestSalvageOrdersBySeqWithoutAManifest(t *testing.T) {
	m := newSample(t, true, false)
	im := image{}
	names := m.names()
	for i, name := range names {
		if isSegment(name) {
			im[names[(i+3)%len(names)]+".old"] = m.image[name]
		}
	}
	v := m.salvage(t, im, "renamed")
	require.NoError(t, v.err)
	require.Equal(t, m.last(0), v.got)
	require.Zero(t, v.Doubtful)
	require.Len(t, v.Lost, 1)
	require.Contains(t, v.Lost[0].File, "MANIFEST")
}

// TestSalvageNeedsANewDirectory names what may not be the target.
func TestSalvageNeedsANewDirectory(t *testing.T) {
	src := t.TempDir()
	s := mustOpen(t, inDir(src))
	require.NoError(t, s.Set("key", []byte("value"), time.Hour))
	require.NoError(t, s.Close())
	before := readAll(t, src)
	for _, dst := range []string{"", src, src + "/below", src + "/../" + src[strings.LastIndex(src, "/")+1:] + "/x"} {
		_, err := Salvage(context.Background(), src, dst, SalvageOptions{})
		require.ErrorIs(t, err, ErrInvalidOptions, dst)
	}
	dst := t.TempDir()
	r, err := Salvage(context.Background(), src, dst, SalvageOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, r.Keys)
	_, err = Salvage(context.Background(), src, dst, SalvageOptions{})
	require.ErrorIs(t, err, ErrInvalidOptions)
	require.Empty(t, before.differs(readAll(t, src)))

	_, err = Salvage(context.Background(), t.TempDir(), t.TempDir(), SalvageOptions{})
	require.ErrorIs(t, err, ErrNotAStore)
	_, err = Salvage(context.Background(), src+"/none", t.TempDir(), SalvageOptions{})
	require.ErrorIs(t, err, ErrNotAStore)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Salvage(ctx, src, t.TempDir()+"/new", SalvageOptions{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestSalvageReadsOnly lets the disk tell of every deed in the old directory.
func TestSalvageReadsOnly(t *testing.T) {
	m := newSample(t, false, false)
	d := m.image.disk(t)
	d.SetHook(func(op vfs.Op) error {
		switch op.Kind {
		case vfs.OpOpenDir, vfs.OpDirClose, vfs.OpList, vfs.OpOpen, vfs.OpSize, vfs.OpRead, vfs.OpMap, vfs.OpUnmap, vfs.OpClose:
		default:
			if op.Dir == imageDir {
				t.Errorf("%v of %s", op.Kind, op.Name)
			}
		}
		return nil
	})
	_, err := Salvage(context.Background(), imageDir, "salvaged", SalvageOptions{Now: m.clock.now, fs: d})
	require.NoError(t, err)
}
