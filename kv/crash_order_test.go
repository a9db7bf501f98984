package kv

import (
	"bytes"
	"fmt"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// checkCall holds a call that is about to be made to the order of things: a
// file is durable before it is named in a manifest, a manifest before it is
// in force, and nothing is taken away that a durable manifest names.
func (c *crasher) checkCall(point string, op vfs.Op) {
	c.t.Helper()
	if err := c.breach(op, c.disk.CrashClone(nil, vfs.DropAll)); err != nil {
		c.fail("T14, %s: %v", point, err)
	}
}

func (c *crasher) breach(op vfs.Op, durable *vfs.Disk) error {
	switch op.Kind {
	case vfs.OpRename:
		if op.Name == segment.ManifestTemp {
			return c.breachOfManifest(durable)
		}
		return fmt.Errorf("renames a file that is no manifest")
	case vfs.OpRemove:
		for _, d := range []*vfs.Disk{durable, c.disk} {
			if _, named := readListing(d, segment.ManifestName).find(op.Name); named {
				return fmt.Errorf("removes a segment that a manifest names")
			}
		}
	case vfs.OpWrite, vfs.OpReserve, vfs.OpCreate:
		if s, _ := readListing(durable, segment.ManifestName).find(op.Name); s.sealed {
			return fmt.Errorf("writes to a sealed segment")
		}
	case vfs.OpTruncate:
		if s, _ := readListing(c.disk, segment.ManifestName).find(op.Name); op.Length < s.length {
			return fmt.Errorf("truncates a segment below its %d bytes", s.length)
		}
	}
	return nil
}

// breachOfManifest judges the manifest that is about to replace the last.
func (c *crasher) breachOfManifest(durable *vfs.Disk) error {
	for _, sector := range c.disk.DirtySectors() {
		if sector.Name == segment.ManifestTemp {
			return fmt.Errorf("the new manifest is not synced")
		}
	}
	for _, s := range readListing(c.disk, segment.ManifestTemp).segments {
		if err := c.breachOfListed(s, durable); err != nil {
			return err
		}
	}
	return nil
}

// breachOfListed says whether a segment is less durable than a manifest
// says.
func (c *crasher) breachOfListed(s listedSegment, durable *vfs.Disk) error {
	kept, err := durable.ReadFile(dataDir, s.name)
	if err != nil {
		return fmt.Errorf("the new manifest names %s, whose name is not durable", s.name)
	}
	live, err := c.disk.ReadFile(dataDir, s.name)
	if err != nil || int64(len(live)) < s.length || int64(len(kept)) < s.length || !bytes.Equal(live[:s.length], kept[:s.length]) {
		return fmt.Errorf("the new manifest names %s with %d bytes, which are not all durable (%v)", s.name, s.length, err)
	}
	return nil
}

// checkSealed sees stores through a mapping, which make no call: a segment
// that a durable manifest says is sealed has nothing left to sync, and one
// that it does not name has no record, unless its number was taken: then it
// is a copy that is being made, or what was copied.
func (c *crasher) checkSealed(point string) {
	c.t.Helper()
	manifest := readListing(c.disk.CrashClone(nil, vfs.DropAll), segment.ManifestName)
	for _, sector := range c.disk.DirtySectors() {
		s, named := manifest.find(sector.Name)
		if named && s.sealed {
			c.fail("T14, %s: sealed segment %s has changed", point, s.name)
		}
	}
	names, _ := c.disk.Names(dataDir)
	for _, name := range names {
		id, isSegment := segment.ParseName(name)
		if _, named := manifest.find(name); !isSegment || named || id < manifest.next {
			continue
		}
		b, _ := c.disk.ReadFile(dataDir, name)
		if len(b) > segment.HeaderSize && len(bytes.Trim(b[segment.HeaderSize:], "\x00")) > 0 {
			c.fail("T14, %s: %s has records, and no durable manifest names it", point, name)
		}
	}
}
