package kv

import (
	"bytes"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
)

// TestEveryDamageToWholeFiles deletes, cuts, extends, copies and swaps the
// files of a small store, T11. The one thing that no checksum can notice is
// that the segment a killed process was writing has become an older version
// of itself; there, and only there, an earlier page is let pass.
func TestEveryDamageToWholeFiles(t *testing.T) {
	for name, is := range map[string]struct{ closed, noMap bool }{
		"closed": {true, false}, "closed, without mappings": {true, true},
		"killed": {false, false}, "killed, without mappings": {false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newSample(t, is.closed, is.noMap)
			var count tally
			n := 0
			for damage := range m.damages() {
				v := m.judge(t, damage.image, damage.label)
				if v == torn || v == lost {
					require.True(t, !is.closed && damage.file == m.active, "%s: an earlier page", damage.label)
				}
				count[v]++
				n++
			}
			t.Logf("%d damages: %v", n, count)
		})
	}
}

// fileDamage is the sample with one file, or two, not as they were.
type fileDamage struct {
	image
	file  string
	label string
}

// damages yields every damage of T11.
func (m *sample) damages() iter.Seq[fileDamage] {
	return func(yield func(fileDamage) bool) {
		for _, file := range m.names() {
			for label, im := range m.damagesTo(file) {
				if !yield(fileDamage{im, file, file + " " + label}) {
					return
				}
			}
		}
	}
}

func (m *sample) damagesTo(file string) iter.Seq2[string, image] {
	data := m.image[file]
	return func(yield func(string, image) bool) {
		ok := yield("deleted", m.without(file)) &&
			yield("zeroed", m.with(file, make([]byte, len(data)))) &&
			yield("extended by zeros", m.with(file, append(bytes.Clone(data), make([]byte, 999)...))) &&
			yield("extended by garbage", m.with(file, append(bytes.Clone(data), "garbage"...))) &&
			yield("extended by itself", m.with(file, append(bytes.Clone(data), data...)))
		for n := 0; ok && n < len(data); n += 8 {
			ok = yield(fmt.Sprintf("cut to %d bytes", n), m.with(file, data[:n])) &&
				yield(fmt.Sprintf("zeroed from byte %d on", n), m.with(file, append(bytes.Clone(data[:n]), make([]byte, len(data)-n)...)))
		}
		for _, name := range m.otherNames() {
			ok = ok && yield("copied to "+name, m.with(name, data))
		}
		for _, other := range m.names() {
			ok = ok && yield("swapped with "+other, m.with(file, m.image[other]).with(other, data)) &&
				yield("copied over "+other, m.with(other, data))
		}
		for i, version := range m.older(file) {
			ok = ok && yield(fmt.Sprintf("an older version, %d", i), m.with(file, []byte(version)))
		}
	}
}

// otherNames returns names of segments that the sample does not have, near
// to those it has and far away.
func (m *sample) otherNames() []string {
	list := []string{segment.Name(0), segment.Name(1 << 32), segment.Name(1<<64 - 1), segment.ManifestTemp, "somebody's notes"}
	for id := range uint64(24) {
		if name := segment.Name(id); m.image[name] == nil {
			list = append(list, name)
		}
	}
	return list
}
