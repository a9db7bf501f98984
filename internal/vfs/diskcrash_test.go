package vfs_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// images draws many random crash images and returns the different ones.
func images(t *testing.T, disk *vfs.Disk) map[string]bool {
	t.Helper()
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]bool{}
	for range 300 {
		seen[onDisk(t, disk.CrashClone(rng, vfs.Random))] = true
	}
	return seen
}

func set(list ...string) map[string]bool {
	m := map[string]bool{}
	for _, s := range list {
		m[s] = true
	}
	return m
}

func TestDiskCrashOfNames(t *testing.T) {
	tests := []struct {
		name string
		act  func(t *testing.T, dir vfs.Dir)
		drop string
		all  []string // what a random crash may leave
	}{
		{"a file whose directory was not synced disappears", func(t *testing.T, dir vfs.Dir) {
			require.NoError(t, create(t, dir, "new", "x").Sync())
		}, "M=1", []string{"M=1", "M=1 new=x"}},
		{"a synced directory knows the name, not the bytes", func(t *testing.T, dir vfs.Dir) {
			create(t, dir, "new", "")
			require.NoError(t, dir.Sync())
		}, "M=1 new=", []string{"M=1 new="}},
		{"an unsynced rename may be lost, whole", func(t *testing.T, dir vfs.Dir) {
			durable(t, dir, "tmp", "2")
			require.NoError(t, dir.Rename("tmp", "M"))
		}, "M=1 tmp=2", []string{"M=1 tmp=2", "M=2"}},
		{"a rename never happens before the creation of its file", func(t *testing.T, dir vfs.Dir) {
			require.NoError(t, create(t, dir, "tmp", "2").Sync())
			require.NoError(t, dir.Rename("tmp", "M"))
		}, "M=1", []string{"M=1", "M=1 tmp=2", "M=2"}},
		{"an unsynced removal may be undone", func(t *testing.T, dir vfs.Dir) {
			require.NoError(t, dir.Remove("M"))
		}, "M=1", []string{"M=1", ""}},
		{"removals of two files are independent", func(t *testing.T, dir vfs.Dir) {
			durable(t, dir, "N", "1")
			require.NoError(t, dir.Remove("M"))
			require.NoError(t, dir.Remove("N"))
		}, "M=1 N=1", []string{"M=1 N=1", "M=1", "N=1", ""}},
		{"a name that is taken again does not lose its first file", func(t *testing.T, dir vfs.Dir) {
			require.NoError(t, dir.Rename("M", "old"))
			require.NoError(t, create(t, dir, "M", "2").Sync())
		}, "M=1", []string{"M=1", "old=1", "M=2 old=1"}},
		{"a rename onto itself", func(t *testing.T, dir vfs.Dir) {
			require.NoError(t, dir.Rename("M", "M"))
		}, "M=1", []string{"M=1"}},
		{"a created lock file is a name like others", func(t *testing.T, dir vfs.Dir) {
			l, err := dir.Lock("LOCK")
			require.NoError(t, err)
			require.NoError(t, l.Close())
		}, "M=1", []string{"M=1", "LOCK= M=1"}},
		{"a synced directory is settled", func(t *testing.T, dir vfs.Dir) {
			require.NoError(t, dir.Rename("M", "N"))
			require.NoError(t, dir.Sync())
		}, "N=1", []string{"N=1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			disk, dir := newDisk(t)
			durable(t, dir, "M", "1")
			tt.act(t, dir)
			live := onDisk(t, disk)
			require.Equal(t, tt.drop, onDisk(t, disk.CrashClone(nil, vfs.DropAll)))
			require.Equal(t, live, onDisk(t, disk.CrashClone(nil, vfs.KeepAll)))
			require.Equal(t, set(tt.all...), images(t, disk))
			require.Equal(t, live, onDisk(t, disk), "drawing changes nothing")
		})
	}
}

func TestDiskFailedDirSyncLeavesNamesPending(t *testing.T) {
	disk, dir := newDisk(t)
	require.NoError(t, create(t, dir, "f", "x").Sync())
	disk.SetHook(func(vfs.Op) error { return errInjected })
	require.ErrorIs(t, dir.Sync(), errInjected)
	disk.SetHook(nil)
	require.Equal(t, set("", "f=x"), images(t, disk))
	require.NoError(t, dir.Sync())
	require.Equal(t, set("f=x"), images(t, disk))
}

// sector returns 512 equal bytes.
func sector(c string) string { return strings.Repeat(c, 512) }

func TestDiskCrashOfSectors(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", sector("a")+sector("a")+sector("a"))
	m, err := f.Map(3*512, vfs.ReadWrite)
	require.NoError(t, err)
	m[0] = 'X'
	_, err = f.WriteAt([]byte("Y"), 1024)
	require.NoError(t, err)

	require.Equal(t, []vfs.Sector{{"d", "f", 0}, {"d", "f", 2}}, disk.DirtySectors(), "stores and writes alike")
	x, y := "X"+sector("a")[1:], "Y"+sector("a")[1:]
	a := sector("a")
	require.Equal(t, "f="+a+a+a, onDisk(t, disk.CrashClone(nil, vfs.DropAll)))
	require.Equal(t, "f="+x+a+y, onDisk(t, disk.CrashClone(nil, vfs.KeepAll)))
	require.Equal(t, set("f="+a+a+a, "f="+x+a+a, "f="+a+a+y, "f="+x+a+y), images(t, disk))

	require.NoError(t, f.Sync())
	require.Empty(t, disk.DirtySectors())
	require.Equal(t, set("f="+x+a+y), images(t, disk))
	m[1] = 'Z'
	require.Equal(t, "XZ", read(t, f, 0, 2), "the parent of images goes on")
}

func TestDiskCrashTearsAtMostOneSector(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", sector("a")+sector("a"))
	_, err := f.WriteAt([]byte(sector("b")+sector("b")), 0)
	require.NoError(t, err)
	torn := 0
	for image := range images(t, disk) {
		text := strings.TrimPrefix(image, "f=")
		require.Len(t, text, 1024)
		first, second := whole(text[:512]), whole(text[512:])
		require.True(t, first || second, "two torn sectors")
		if !first || !second {
			torn++
		}
	}
	require.NotZero(t, torn)
}

func whole(s string) bool { return s == sector("a") || s == sector("b") }

func TestDiskCrashOfLength(t *testing.T) {
	disk, dir := newDisk(t)
	durable(t, dir, "other", sector("o")+sector("O"))
	f := durable(t, dir, "f", "head")
	_, err := f.WriteAt([]byte(sector("t")), 512)
	require.NoError(t, err)
	lengths, fills := map[int]bool{}, map[byte]bool{}
	for image := range images(t, disk) {
		text, _, _ := strings.Cut(strings.TrimPrefix(image, "f="), " other=")
		require.True(t, strings.HasPrefix(text, "head"), "durable bytes stay")
		require.LessOrEqual(t, len(text), 1024)
		lengths[len(text)] = true
		if len(text) > 4 {
			fills[text[len(text)-1]] = true
		}
	}
	require.True(t, lengths[4] && lengths[1024] && len(lengths) > 10, "lengths from durable to live: %v", lengths)
	for _, c := range []byte{0, 0xA5, 'o', 'O', 't'} {
		require.True(t, fills[c], "no image ends in %q", c)
	}
}

func TestDiskCrashAfterTruncate(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", "long text")
	require.NoError(t, f.Truncate(4))
	require.Equal(t, "f=long text", onDisk(t, disk.CrashClone(nil, vfs.DropAll)), "a cut is pending until synced")
	require.Equal(t, "f=long", onDisk(t, disk.CrashClone(nil, vfs.KeepAll)))
	for image := range images(t, disk) {
		require.True(t, strings.HasPrefix("f=long text", image) && len(image) >= 6, "%q", image)
	}
	require.NoError(t, f.Sync())
	require.Equal(t, set("f=long"), images(t, disk))
}

func TestDiskFailedSyncLosesSectorsForEver(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", sector("a")+sector("a"))
	write := func(text string, off int64) {
		t.Helper()
		_, err := f.WriteAt([]byte(text), off)
		require.NoError(t, err)
	}
	write(sector("b"), 512)
	disk.SetHook(func(op vfs.Op) error { return errInjected })
	require.ErrorIs(t, f.Sync(), errInjected)
	disk.SetHook(nil)

	require.Equal(t, sector("b"), read(t, f, 512, 512), "the live bytes stay readable")
	write(sector("c"), 512)
	write(sector("d"), 0)
	write("tail", 1024)
	require.NoError(t, f.Sync(), "the kernel has forgotten")
	lost := "f=" + sector("d") + sector("a") + "tail"
	require.Equal(t, lost, onDisk(t, disk.CrashClone(nil, vfs.DropAll)))
	require.Equal(t, lost, onDisk(t, disk.CrashClone(nil, vfs.KeepAll)))
	require.Equal(t, set(lost), images(t, disk))
	require.Empty(t, disk.DirtySectors(), "no choice can bring it back")

	t.Run("the death of the process does not heal it", func(t *testing.T) {
		killed := disk.KillClone()
		g, err := openDisk(t, killed).Open("f", vfs.ReadWrite)
		require.NoError(t, err)
		require.Equal(t, sector("c"), read(t, g, 512, 512))
		_, err = g.WriteAt([]byte(sector("e")), 512)
		require.NoError(t, err)
		require.NoError(t, g.Sync())
		require.Equal(t, lost, onDisk(t, killed.CrashClone(nil, vfs.DropAll)))
	})
	t.Run("a copy in a new file keeps it", func(t *testing.T) {
		durable(t, dir, "g", read(t, f, 512, 512))
		require.Contains(t, onDisk(t, disk.CrashClone(nil, vfs.DropAll)), "g="+sector("c"))
	})
	t.Run("after the power loss the sectors are like others", func(t *testing.T) {
		after := disk.CrashClone(nil, vfs.DropAll)
		g, err := openDisk(t, after).Open("f", vfs.ReadWrite)
		require.NoError(t, err)
		_, err = g.WriteAt([]byte(sector("e")), 512)
		require.NoError(t, err)
		require.NoError(t, g.Sync())
		require.Contains(t, onDisk(t, after.CrashClone(nil, vfs.DropAll)), sector("e"))
	})
}

func TestDiskLostSectorsBehindTheDurableLength(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", "")
	_, err := f.WriteAt([]byte(sector("a")), 0)
	require.NoError(t, err)
	disk.SetHook(func(op vfs.Op) error { return errInjected })
	require.ErrorIs(t, f.Sync(), errInjected)
	disk.SetHook(nil)
	require.NoError(t, f.Sync())
	require.Equal(t, "f="+sector("\x00"), onDisk(t, disk.CrashClone(nil, vfs.DropAll)))
}

func TestDiskKillThenPowerLoss(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", "durable")
	_, err := f.WriteAt([]byte("written"), 0)
	require.NoError(t, err)
	create(t, dir, "g", "new")
	_, err = dir.Lock("LOCK")
	require.NoError(t, err)

	killed := disk.KillClone()
	require.Equal(t, "LOCK= f=written g=new", onDisk(t, killed), "a kill loses nothing")
	l, err := openDisk(t, killed).Lock("LOCK")
	require.NoError(t, err, "the lock died with its holder")
	require.NoError(t, l.Close())
	require.Equal(t, "f=durable", onDisk(t, killed.CrashClone(nil, vfs.DropAll)), "power loss after the kill")

	dir2 := openDisk(t, killed)
	require.NoError(t, dir2.Remove("g"))
	g, err := dir2.Open("f", vfs.ReadWrite)
	require.NoError(t, err)
	require.NoError(t, g.Sync())
	require.Equal(t, "f=written", onDisk(t, killed.CrashClone(nil, vfs.DropAll)))
	require.Equal(t, "f=durable", onDisk(t, disk.CrashClone(nil, vfs.DropAll)), "the clone is independent")
	require.Equal(t, "LOCK= f=written g=new", onDisk(t, disk))
}

func TestDiskRandomImageIsReproducible(t *testing.T) {
	disk, dir := newDisk(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		create(t, dir, name, sector(name)+sector(name)+sector(name))
	}
	for seed := range uint64(20) {
		first := disk.CrashClone(rand.New(rand.NewPCG(seed, 0)), vfs.Random)
		again := disk.CrashClone(rand.New(rand.NewPCG(seed, 0)), vfs.Random)
		require.Equal(t, onDisk(t, first), onDisk(t, again), "seed %d", seed)
	}
}

func TestDiskCrashWith(t *testing.T) {
	disk, dir := newDisk(t)
	durable(t, dir, "f", "")
	durable(t, dir, "other", "zz")
	f, err := dir.Open("f", vfs.ReadWrite)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte(sector("0")+sector("1")+sector("2")), 0)
	require.NoError(t, err)
	dirty := disk.DirtySectors()
	require.Len(t, dirty, 3)

	for _, fill := range []struct {
		fill vfs.Fill
		hole string
	}{{vfs.FillZeros, sector("\x00")}, {vfs.FillA5, sector("\xA5")}, {vfs.FillStale, sector("z")}} {
		for subset := range 1 << len(dirty) {
			choice, want := vfs.Choice{Fill: fill.fill}, "f="
			for i, s := range dirty {
				if subset>>i&1 == 1 {
					choice.Keep = append(choice.Keep, s)
					want += sector(string(rune('0' + i)))
				} else {
					want += fill.hole
				}
			}
			require.Equal(t, want+" other=zz", onDisk(t, disk.CrashWith(choice)), "subset %b, fill %d", subset, fill.fill)
		}
	}
	all := sector("0") + sector("1") + sector("2")
	for cut := range int64(len(all) + 1) {
		image := disk.CrashWith(vfs.Choice{Keep: dirty, Cut: &vfs.Cut{Dir: "d", Name: "f", Length: cut}})
		b, err := image.ReadFile("d", "f")
		require.NoError(t, err)
		require.True(t, string(b) == all[:cut], "cut at %d", cut)
	}
}
