package seglog

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// FuzzManifest decodes bytes as they are and with a sum that holds. Whatever
// decodes is what encode makes of it: there is one way to write a manifest.
func FuzzManifest(f *testing.F) {
	whole := manifest{store: 42, generation: 7, next: 6, clean: true, time: 1795514400000, seq: 40961, segments: []listed{
		{id: 1, sealed: true, length: 67108840, chain: 0x9be07f2c41d7aa03},
		{id: 4, length: 64, chain: 0x11d2c0a8f7e95b66},
	}}
	empty := manifest{store: 1<<64 - 1, next: 1}
	for _, m := range []manifest{whole, empty} {
		text := m.encode()
		f.Add(text)
		body, _ := checkSum(text)
		f.Add([]byte(body))
		f.Add(bytes.Replace(text, []byte(" 7"), []byte(" 07"), 1))
		f.Add(bytes.Replace([]byte(body), []byte("manifest 1"), []byte("manifest 2"), 1))
		f.Add(bytes.Replace([]byte(body), []byte("yes"), []byte("perhaps"), 1))
	}
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		summed := fmt.Appendf(bytes.Clone(b), "sum %016x\n", xxhash.Sum64(b))
		for _, b := range [][]byte{b, summed} {
			m, err := decodeManifest(b)
			if err != nil {
				continue
			}
			if again := m.encode(); !bytes.Equal(b, again) {
				t.Fatalf("decodes, and encodes differently:\n%s\n%s", b, again)
			}
			if !m.sound() {
				t.Fatalf("decodes, and is not sound:\n%s", b)
			}
		}
	})
}
