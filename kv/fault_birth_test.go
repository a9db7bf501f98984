package kv

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestABirthThatWasNotDurable fails the sync of the directory that has the
// first manifest, opens the store again and goes on: what is then made beside
// the manifest must not outlive it in a power loss, at whatever call.
func TestABirthThatWasNotDurable(t *testing.T) {
	for name, goOn := range map[string]func(*KVStore){
		"and closed":     func(s *KVStore) { require.NoError(t, s.Close()) },
		"and written to": func(s *KVStore) { require.NoError(t, s.Set("key", []byte("value"), 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t)
			clock := newHandClock()
			d.SetHook(func(op vfs.Op) error {
				if op.Kind == vfs.OpDirSync {
					return errIO
				}
				return nil
			})
			_, err := NewKVStore(onDisk(d, clock))
			require.ErrorIs(t, err, errIO)
			d.SetHook(nil)
			s := mustOpen(t, onDisk(d, clock))
			images := 0
			lose := func() {
				for range 20 {
					left := d.CrashClone(randomFor(t.Name(), images), vfs.Random)
					images++
					s, err := NewKVStore(onDisk(left, clock))
					require.NoError(t, err, "image %d, -seed %d", images, *seed)
					require.NoError(t, s.Close())
				}
			}
			d.SetHook(func(vfs.Op) error { lose(); return nil })
			goOn(s)
			d.SetHook(nil)
			lose()
			require.NoError(t, s.Close())
			t.Logf("%d images", images)
		})
	}
}
