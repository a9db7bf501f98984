package kv

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// examine judges what a crash has left: the store opens without help, shows
// one of the states, says what it has cut, is sound, and can be used, closed
// and opened again. It returns what the store showed. The image is used up.
func (p *player) examine(image *vfs.Disk, states []state) (state, error) {
	s, got, err := p.recover(image, states)
	if err != nil {
		return nil, err
	}
	if _, err := s.Verify(context.Background()); err != nil {
		return nil, fmt.Errorf("verify after recovery: %w", err)
	}
	return got, p.goOn(s, image, got)
}

// look is examine without going on: it opens the store, reads and closes it.
func (p *player) look(image *vfs.Disk, states []state) (state, error) {
	s, got, err := p.recover(image, states)
	if err != nil {
		return nil, err
	}
	return got, s.Close()
}

// recover opens the store of an image and reads it.
func (p *player) recover(image *vfs.Disk, states []state) (*KVStore, state, error) {
	before := lookAt(image)
	s, err := NewKVStore(p.options(image))
	if err != nil {
		return nil, nil, fmt.Errorf("open after a crash: %w", err)
	}
	if err := before.checkReport(s.engine.recovery, readListing(image, segment.ManifestName)); err != nil {
		return nil, nil, err
	}
	got, err := contents(s)
	if err != nil {
		return nil, nil, fmt.Errorf("after recovery: %w", err)
	}
	if !among(states, got, p.now) {
		return nil, nil, fmt.Errorf("recovered\n%v\nwhich is none of%s", got, list(states, p.now))
	}
	if err := askForAbsent(s, p.keys(), got); err != nil {
		return nil, nil, fmt.Errorf("after recovery: %w", err)
	}
	return s, got, nil
}

// goOn writes to a recovered store, closes it and opens it again.
func (p *player) goOn(s *KVStore, image *vfs.Disk, got state) error {
	const key, value = "afterwards", "life goes on"
	if err := s.WithSync(SyncAlways).Set(key, []byte(value), 0); err != nil {
		return fmt.Errorf("write after recovery: %w", err)
	}
	if err := s.Close(); err != nil {
		return fmt.Errorf("close after recovery: %w", err)
	}
	want := maps.Clone(got)
	want[key] = held{value: value}
	return p.openClosed(image, want)
}

// openClosed opens a store that was closed with that contents.
func (p *player) openClosed(disk *vfs.Disk, want state) error {
	s, err := NewKVStore(p.options(disk))
	if err != nil {
		return fmt.Errorf("open after close: %w", err)
	}
	got, err := contents(s)
	if err != nil {
		return fmt.Errorf("after close: %w", err)
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("after close and open\n%v\nwant\n%v", got, want)
	}
	if r := s.Stats().Recovery; !r.Clean || r.TornBytes != 0 {
		return fmt.Errorf("a closed store is reported as %+v", r)
	}
	return s.Close()
}

func list(states []state, now int64) string {
	var b bytes.Buffer
	for _, s := range states {
		fmt.Fprintf(&b, "\n%v", s.visible(now))
	}
	return b.String()
}

// will is what an image holds before its store is opened.
type will struct {
	clean  bool
	sealed int // segments
	open   []remains
}

// remains are what is left of a segment that was open.
type remains struct {
	name  string
	bytes []byte
}

func lookAt(image *vfs.Disk) will {
	l := readListing(image, segment.ManifestName)
	w := will{clean: l.clean}
	for _, s := range l.segments {
		if s.sealed {
			w.sealed++
			continue
		}
		b, _ := image.ReadFile(dataDir, s.name)
		w.open = append(w.open, remains{s.name, b})
	}
	return w
}

// checkReport holds what recovery says against what became of the open
// segments, by the manifest it left: bytes that were there and were not kept
// have been cut, and a cut must be reported, exactly.
func (w will) checkReport(r Recovery, after listing) error {
	if r.Clean != w.clean {
		return fmt.Errorf("recovery says clean: %v, the manifest said %v", r.Clean, w.clean)
	}
	var file string
	var off, torn int64
	for i, s := range w.open {
		end := int64(segment.HeaderSize)
		if n := w.sealed + i; n < len(after.segments) {
			end = after.segments[n].length
		}
		cut, gone := s.beyond(end)
		if torn == 0 && gone > 0 {
			file, off = s.name, cut
		}
		torn += gone
	}
	if w.clean {
		file, off, torn = "", 0, 0
	}
	if r.TornBytes != torn || r.TornFile != file || r.TornOffset != off {
		return fmt.Errorf("recovery reports %d bytes torn from %q at %d; gone are %d from %q at %d",
			r.TornBytes, r.TornFile, r.TornOffset, torn, file, off)
	}
	return nil
}

// beyond returns where the bytes begin that lie behind the end that recovery
// has found, and how many there are. A whole seal is not missed: it says
// nothing but that the segment was full.
func (w remains) beyond(end int64) (cut, gone int64) {
	if int64(len(w.bytes)) <= end {
		return end, 0
	}
	if w.sealAt(w.bytes[end:]) {
		end += record.Size(0, 16)
	}
	return end, int64(len(bytes.TrimRight(w.bytes[end:], "\x00")))
}

// sealAt reports whether a tail begins with a whole seal.
func (w remains) sealAt(tail []byte) bool {
	r, err := record.Decode(tail, w.place(int64(len(w.bytes)-len(tail))))
	return err == nil && r.Type == record.Seal
}

// place returns where a record of the open segment lies.
func (w remains) place(off int64) record.Place {
	id, _ := segment.ParseName(w.name)
	return record.Place{Store: binary.LittleEndian.Uint64(w.bytes[16:]), Segment: id, Offset: off}
}
