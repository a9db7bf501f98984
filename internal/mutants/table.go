package main

import "slices"

// mutant is a bug to plant.
type mutant struct {
	name    string
	bug     string // in words, and whose it was
	pkg     string // where the tests are
	tests   string // -run
	changes []change
}

// change replaces a text that a file has once.
type change struct {
	file, old, new string
}

const (
	engine  = "./kv"
	caches  = "Cache|SavedIndex"
	streams = "Stream|Restore"
	rooms   = "Room|WhatFits|MaxBytes|AFullStore"
)

// mutants returns all of them.
func mutants() []mutant { return slices.Concat(engineMutants(), adapterMutants()) }

// engineMutants are those of package kv and what is below it.
func engineMutants() []mutant {
	return []mutant{
		{"M1", "ack without fsync", engine, "NothingResurrects", []change{{
			"internal/segment/append.go",
			"if err := s.file.Sync(); err != nil {", "if err := error(nil); err != nil {"}}},
		{"M2", "no directory sync after the manifest's rename", engine, "NothingResurrects", []change{{
			"internal/seglog/manifest.go",
			"return syncDir(dir)", "return nil"}}},
		{"M3", "manifest not synced before its rename", engine, "NothingResurrects", []change{{
			"internal/seglog/manifest.go",
			"errors.Join(f.Sync(), f.Close())", "f.Close()"}}},
		{"M6", "the mark of a commit group's end ignored", engine, "CrashEverywhere", []change{{
			"internal/segment/tail.go",
			"		if f.Commit {", "		if true {"}}},
		{"M40", "a snapshot taken while a group is published by half", engine, "UpdateIsSeenWhole", []change{{
			"kv/snapshot.go",
			"	spin.Lock(&e.mu)\n	defer e.mu.Unlock()\n	return e.snapshotLocked(o)", "	spin.Lock(new(sync.Mutex))\n	return e.snapshotLocked(o)"}, {
			"kv/commit.go",
			"		} else {\n			err = errors.Join(err, e.publish(&all[i]))", "		} else {\n			for range 100 {\n				e.index.Barrier() // somebody else may run\n			}\n			err = errors.Join(err, e.publish(&all[i]))"}}},
		{"M41", "a group that failed left on the disk", "./internal/segment", "Group", []change{{
			"internal/segment/group.go",
			"return errors.Join(err, s.Sync())", "return err"}}},
		{"M42", "what a transaction has read not looked at again", engine, "Update", []change{{
			"kv/txcommit.go",
			"		if t.rests(key) {", "		if t.rests(key) && false {"}}},
		{"M43", "a transaction seen before what it waits behind", engine, "Update", []change{{
			"kv/commit.go",
			"		hold = hold || e.isPending(m.key)\n", ""}}},
		{"M53", "a transaction keeps the bytes it was given", engine, "TxValues", []change{{
			"kv/tx.go",
			"value: t.keep(value)", "value: value"}}},
		{"M54", "a transaction's memory taken for the next as it is", engine, "TxMemory", []change{{
			"kv/txwrites.go",
			"	clear(m.slots)\n", ""}}},
		{"M44", "no is said before what it rests on is durable", engine, "Condition|NoIs", []change{{
			"kv/atomic.go",
			"return false, s.groupOfSeen(m.key), nil", "return false, nil, nil"}}},
		{"M45", "a condition judged by what readers see", engine, "Condition|Winner", []change{{
			"kv/atomic.go",
			"	entry, missing := e.alive(m.hash, m.key)\n", "	entry, missing := e.find(m.key)\n"}}},
		{"M7", "cut at the first bad record (pogreb, badger)", engine, "EveryBitOf", []change{{
			"internal/segment/tail.go",
			"if ok && f.Synced > off {", "if ok && f.Synced > off && off < 0 {"}}},
		{"M8", "checksum not bound to its place", engine, "CrashCounters", []change{{
			"internal/record/place.go",
			"	return h ^ h>>29", "	return 0 * (h ^ h>>29)"}}},
		{"M9", "fsync error ignored (buntdb)", engine, "KillThenPowerLoss|FsyncFails", []change{{
			"internal/segment/append.go",
			"		return s.syncErr\n	}\n	if s.synced", "		s.syncErr = nil\n	}\n	if s.synced"}}},
		{"M10", "goes on behind a short write", engine, "ErrorEverywhere", []change{{
			"internal/segment/append.go",
			"return t, errors.Join(err, s.erase(off, size))", "s.end.Store(off + size)\n		return t, err"}}},
		{"M11", "bad record in a sealed segment tolerated, nor its length and hash checked (M14)", engine, "DamageBehind", []change{{
			"internal/segment/replay.go",
			"case stop != length:", "case false:"}, {
			"internal/segment/replay.go",
			"case t.chain != chain:", "case false:"}, {
			"internal/segment/replay.go",
			"case sealed != (kind == record.Seal):", "case sealed != (kind == record.Seal) && false:"}}},
		{"M12", "recovered tail served without being made durable", engine, "NothingResurrects", []change{{
			"internal/seglog/recover.go",
			"return r.check(s.Sync())", "return nil"}}},
		{"M13", "manifest's checksum and form not verified", engine, "WhenFilesAreDamaged", []change{{
			"internal/seglog/manifest.go",
			"return string(b[:split]), string(b[split:]) == string(want)", "return string(b[:split]), len(want) > 0"}, {
			"internal/seglog/manifest.go",
			"if f.bad || !bytes.Equal(m.encode(), b) || !m.sound() {", "if len(bytes.TrimSpace(b)) == 0 {"}}},
		{"M15", "clean flag unused", engine, "DamageBesideNobody", []change{{
			"internal/seglog/recover.go",
			"if m.sealed || r.Clean {", "if m.sealed {"}, {
			"internal/seglog/recover.go",
			"if m.sealed || !r.Clean {", "if true {"}}},
		{"M16", "writable after a failed sync", engine, "FsyncFails", []change{{
			"internal/seglog/log.go",
			"		l.poison.CompareAndSwap(nil, &err)\n", "		_ = l\n"}}},
		{"M17", "length trusted past the end of the file", engine, "CrashCounters", []change{{
			"internal/segment/read.go",
			"if err != nil || size > w.limit-off {", "if err != nil {"}}},
		{"M18", "full segment not synced before its successor", engine, "NothingResurrects", []change{{
			"internal/seglog/log.go",
			"if full.Synced() != full.End() {", "if false {"}}},
		{"M19", "store not marked unclean before its first write", engine, "DamagedCaches", []change{{
			"internal/seglog/log.go",
			"if l.active == nil || !l.man.Load().clean {", "if true {"}}},
		{"M29", "records behind a torn segment replayed", engine, "CrashEverywhere", []change{{
			"internal/seglog/recover.go",
			"if !r.tails[n-1].Sealed {", "if false {"}}},
		{"M30", "segment behind a damaged one dropped as if that was torn", engine, "EveryBitOf", []change{{
			"internal/seglog/recover.go",
			"	if vouched {", "	if vouched && false {"}}},
		{"M38", "a seal taken back in memory only", engine, "Rotation|Seal", []change{{
			"internal/seglog/rotate.go",
			"return l.check(errors.Join(l.active.Unseal(), l.active.Sync()))", "return l.check(l.active.Unseal())"}}},
		{"M4", "compaction output not synced (rosedb)", engine, "NothingResurrects", []change{{
			"internal/seglog/compact.go",
			"if err := w.out.Sync(); err != nil {", "if err := error(nil); err != nil {"}}},
		{"M5", "inputs removed before the manifest is durable", engine, "ATailThat", []change{{
			"kv/compact.go",
			"	if err := w.Install(cut); err != nil {", "	_ = e.retire(w)()\n	if err := w.Install(cut); err != nil {"}}},
		{"M31", "a value dropped before what replaced it is durable", engine, "CrashEverywhere", []change{{
			"internal/seglog/compact.go",
			"if err := l.syncTo(c); err != nil {", "if err := error(nil); err != nil {"}}},
		{"M32", "tombstones dropped with older values about (basho)", engine, "NothingResurrects", []change{{
			"internal/seglog/compact.go",
			"case v == Drop, v == Kill && r.Seq <= w.clear && r.Type != record.Touch:", "case v == Drop, v == Kill:"}}},
		{"M33", "expired values dropped with older ones about", engine, "NothingResurrects", []change{{
			"kv/compact.go",
			"	}\n	return seglog.Kill, 0\n}", "	}\n	return seglog.Drop, 0\n}"}, {
			"kv/compact.go",
			"r.Type == record.Touch && !ok && e.clock.expired(r.Deadline):", "false:"}}},
		{"M34", "a moved record takes the place of a newer one (badger)", engine, "NothingResurrects", []change{{
			"internal/keydir/move.go",
			"if !slot.spot.at(from.Segment, from.Offset) {", "if false {"}}},
		{"M35", "touches dropped by compaction", engine, "NothingResurrects|OlderTouch", []change{{
			"kv/compact.go",
			"case r.Type == record.Touch && ok && entry.Deadline == r.Deadline:", "case ok && entry.Deadline < 0:"}}},
		{"M78", "the first manifest not made durable by the next open", engine, "ABirth", []change{{
			"internal/seglog/recover.go",
			"if len(r.orphans) > 0 || len(r.man.Load().segments) == 0 {", "if len(r.orphans) > 0 {"}}},
		{"M36", "records compacted that readers do not see yet", engine, "CompactionLeaves", []change{{
			"kv/compactchoice.go",
			"if g != nil && len(g.mutations) > 0 {", "if g != nil && false {"}}},
		{"M37", "a segment counts as purged up to now, not to when it was judged", engine, "DeleteDuringACompaction", []change{{
			"internal/seglog/compact.go",
			"w.out.Chain(), w.seq}}", "w.out.Chain(), w.log.seq}}"}}},
		{"M39", "a touch forgotten before anybody knew that it kills", engine, "TouchThatComesTrue", []change{{
			"internal/seglog/compact.go",
			"case v == Drop, v == Kill && r.Seq <= w.clear && r.Type != record.Touch:", "case v == Drop, v == Kill && r.Seq <= w.clear:"}}},
		{"M20", "unknown segment with records removed as an orphan", engine, "WholeFiles|Unknown|Orphan|Stray", []change{{
			"internal/seglog/recover.go",
			"if err == nil && !empty && id >= r.man.Load().next {", "if err == nil && false && empty {"}, {
			"internal/seglog/recover.go",
			"	if id > r.man.Load().next {", "	if false {"}}},
		{"M21", "no room kept for deletes on a full disk", engine, "NoSpaceForAny", []change{{
			"internal/segment/room.go",
			"return sealSize + s.headroom", "return sealSize"}}},
		{"M22", "expired one millisecond late", engine, "TTLs|Deadlines", []change{{
			"kv/clock.go",
			"c.now() >= deadline", "c.now() > deadline"}}},
		{"M23", "time runs backwards with the wall clock (buntdb)", engine, "ClockSetBack", []change{{
			"kv/clock.go",
			"if offset <= was || c.offset.CompareAndSwap(was, offset) {", "if c.offset.CompareAndSwap(was, offset) {"}}},
		{"M24", "Incr restarts the ttl (nutsdb)", engine, "Trap03Incr", []change{{
			"kv/incr.go",
			"		deadline = old\n", "		_ = old\n"}}},
		{"M55", "Incr takes the first slot of a hash for its key's", engine, "Alike", []change{{
			"kv/incr.go",
			"			case mayBeAnothers(err):\n", ""}}},
		{"M25", "readers see a write before it is durable", engine, "Group|Durable|Visible|Mixed|Pending", []change{{
			"kv/commit.go",
			"return e.queue(&m), nil", "return e.queue(&m), e.publish(&m)"}}},
		{"M26", "expired keys are counted (buntdb)", engine, "Trap04", []change{{
			"kv/scan.go",
			"	e.expire()\n	return e.index.Len()", "	return e.index.Len()"}}},
		{"M27", "the directory is not locked (buntdb)", engine, "Lock|Trap", []change{{
			"kv/open.go",
			"	e.lock, err = e.dir.Lock(segment.LockName)\n", "	_ = segment.LockName\n"}}},
		{"M50", "a manifest that is being replaced is taken for an unsafe file", engine, "Lock", []change{{
			"internal/vfs/osdir.go",
			"		return errReplaced\n", "		return fail(\"open\", f.Name(), ErrUnsafeFile)\n"}}},
		{"M51", "a tail that a compaction relied on may be missing", engine, "Tail", []change{{
			"internal/seglog/compact.go",
			"		m.extend(c.ends)\n", ""}}},
		{"M28", "values handed out of the file's mapping", engine, "Trap|Own|Copy|Alias", []change{{
			"internal/segment/read.go",
			"return append(dst, r.Value...), r.Header, nil", "if dst == nil {\n		return r.Value, r.Header, nil\n	}\n	return append(dst, r.Value...), r.Header, nil"}}},
		{"M116", "a value of a scan runs on into the next", engine, "ItemsOfAScan", []change{{
			"kv/chunk.go",
			"values[from:len(values):len(values)]", "values[from:len(values)]"}}},
		{"M117", "a snapshot closed under who copies", engine, "WhoCopies", []change{{
			"kv/snapshot.go",
			"	n.awaitReaders()\n	n.index.Close()", "	n.index.Close()"}}},
		{"M118", "the store closed under who copies", engine, "WhoCopies", []change{{
			"kv/snapshot.go",
			"		n.awaitReaders()\n		err = errors", "		err = errors"}}},
		{"M130", "a cursor goes on among the ids of an older tree", "./internal/keydir", "Cursor", []change{{
			"internal/keydir/cursor.go",
			" || c.version != o.version", ""}}},
		{"M131", "a cursor of keys shows the dead", "./internal/keydir", "Walks|Snapshot", []change{{
			"internal/keydir/group.go",
			"return Entry{Deadline: p.deadline()}, p.has(live)", "return Entry{Deadline: p.deadline()}, true"}}},
		{"M132", "a record of known length not proved", "./internal/record", "EveryBit", []change{{
			"internal/record/record.go",
			"if len(b) < HeaderSize || Sum(b) != xxhash.Sum64(b[8:])^at.mix() {", "if len(b) < HeaderSize {"}}},
		{"M133", "a scan takes the value of another key", "./internal/segment", "ReadValues", []change{{
			"internal/segment/readmany.go",
			"return r, err == nil && string(r.Key) == x.Key", "return r, err == nil || r.Key == nil"}}},
		{"M134", "the memory of scans keeps values", engine, "MemoryOfAScan", []change{{
			"kv/chunk.go",
			"	clear(c.items[:cap(c.items)])\n", ""}}},
		{"M119", "a number given that a prepared segment has", "./internal/seglog", "Numbers", []change{{
			"internal/seglog/rotate.go",
			"	if err := l.dropPrepared(); err != nil {\n		return 0, err\n	}\n", ""}}},
		{"M79", "a rewrite that ended before relief was asked for does not count", engine, "ARewriteThatEnds", []change{{
			"kv/relief.go",
			"e.compactor.rewrites.Load() > rewrites", "e.compactor.rewrites.Load() > rewrites+1"}}},
		{"M80", "a saved index of an older log believed", engine, caches, []change{{
			"internal/seglog/image.go",
			"binary.LittleEndian.Uint64(h[24:]) != xxhash.Sum64(m.encode()),", "h[24] != h[24],"}}},
		{"M81", "a saved index not proved", engine, caches, []change{{
			"internal/seglog/image.go",
			"if xxhash.Sum64(buf) != p.sum {", "if false {"}}},
		{"M82", "a hint of another segment believed", engine, caches, []change{{
			"internal/seglog/hint.go",
			"string(h[:48]) != string(want[:48]) ||", "string(h[:16]) != string(want[:16]) ||"}}},
		{"M83", "a hint's body not proved", engine, caches, []change{{
			"internal/seglog/hint.go",
			"binary.LittleEndian.Uint64(h[48:]) != xxhash.Sum64(body) ||", "false ||"}}},
		{"M84", "a saved index kept while the log goes on", engine, caches, []change{{
			"internal/seglog/log.go",
			"	if l.imaged {", "	if l.imaged && false {"}}},
		{"M85", "an index that cannot be read is taken for empty", engine, caches, []change{{
			"kv/saveindex.go",
			"	e.closed.Store(true)\n", ""}}},
		{"M86", "an index saved that lacks what the log does not know to be dead", engine, "NoIndexOf", []change{{
			"kv/kv.go",
			" && unmarked == nil {", " && (unmarked == nil || true) {"}}},
		{"M87", "a saved index that was no good is kept", engine, "ForgedIndexes", []change{{
			"kv/saveindex.go",
			"		e.log.DropImage()\n", ""}}},
		{"M52", "an entry that leads out of its segment is believed", engine, "ForgedIndexes", []change{{
			"internal/keydir/load.go",
			"	if !l.has(e) {", "	if false {"}}},
		{"M89", "a key that is moved is not there", "./internal/keydir", "LocateBeside", []change{{
			"internal/keydir/table.go",
			"	t.moves.Add(1)\n	defer t.moves.Add(1)\n", ""}}},
		{"M90", "a place is taken away from who has a pin", "./internal/keydir", "Barrier", []change{{
			"internal/keydir/keydir.go",
			"{&s.pins, &s.mu}", "{&s.mu}"}}},
		{"M91", "what is not loaded is not there", "./internal/keydir", "Cold", []change{{
			"internal/keydir/table.go",
			"	t.slots = make([]slot, size)\n", "	t.slots = make([]slot, size)\n	t.show()\n"}}},
		{"M92", "a closed store outlives a collection", engine, "ClosedStore", []change{{
			"kv/kv.go",
			"	txMemories, scanMemories *sync.Pool\n", "	txMemories, scanMemories *sync.Pool\n	others sync.Pool\n"}, {
			"kv/kv.go",
			"	close(e.quit)\n", "	close(e.quit)\n	e.others.Put(new(int))\n"}}},
		{"M93", "a full disk stays full of what nobody needs", engine, "ADiskFullOfDeadRecords", []change{{
			"kv/relief.go",
			"!errors.As(err, &crowded) && !errors.Is(err, ErrNoSpace)", "!errors.As(err, &crowded)"}}},
		{"M94", "a transaction that is over is scanned on", engine, "OutlivesItsTransaction", []change{{
			"kv/txread.go",
			"if t.done { // by now", "if false { // by now"}}},
		{"M95", "a damaged record held against who does not own it", engine, "Alike", []change{{
			"kv/read.go",
			"errors.Is(err, segment.ErrOtherKey) || errors.As(err, &damaged)", "errors.Is(err, segment.ErrOtherKey) && damaged == nil"}}},
		{"M46", "what an entry was is not kept for a snapshot", engine, "Snapshot", []change{{
			"internal/keydir/undo.go",
			"s.undoFor(newest)[id] = s.was(i)", "s.undoFor(newest)[id|1] = s.was(i)"}}},
		{"M47", "deleted keys released under a snapshot", engine, "Snapshot", []change{{
			"internal/keydir/order.go",
			"has(live) || s.holds(id)", "has(live)"}}},
		{"M48", "a closed snapshot takes along what an older one needs", engine, "Snapshot", []change{{
			"internal/keydir/undo.go",
			"if older != 0 && s.keep(older, id, w) {", "if older != 0 && false {"}}},
		{"M49", "compacted segments removed under a snapshot", engine, "Snapshot|Compact|Resurrect", []change{{
			"internal/seglog/pin.go",
			"		oldest = min(oldest, n)\n", "		_ = n\n"}}},
		{"M60", "the end of a stream not checked", engine, streams, []change{{
			"internal/seglog/stream.go",
			"if binary.LittleEndian.Uint64(end[:]) != want {", "if want == 0 {"}}},
		{"M61", "a restored store's manifest before its segments", engine, streams, []change{{
			"internal/seglog/stream.go",
			"	buf := make([]byte, copyPiece)\n", "	buf := make([]byte, copyPiece)\n	_ = writeManifest(r.dir, &r.man)\n"}}},
		{"M62", "restored segments not synced", engine, streams, []change{{
			"internal/seglog/stream.go",
			"	return f.Sync()\n", "	return nil\n"}}},
		{"M63", "a damaged store streamed", engine, streams, []change{{
			"internal/seglog/stream.go",
			"err := c.log.Verify(x, func(Location, record.Record) {})", "err := error(nil)"}}},
		{"M70", "what a reader sees beside a writer is believed at once", engine, "Beside|ReadersSee", []change{{
			"kv/beside.go",
			"	looksAtOne = 3 ", "	looksAtOne = 1 "}}},
		{"M71", "a record completed while it was judged is damage", "./internal/segment", "Looks", []change{{
			"internal/segment/tail.go",
			"if err == nil && !whole {", "if err == nil && (!whole || bad > 0) {"}}},
		{"M72", "a reader looks for files by names that a writer has removed", engine, "Beside|ReadersSee", []change{{
			"internal/seglog/verify.go",
			"if l.Mode == vfs.ReadOnly {", "if l.Mode == vfs.ReadOnly && false {"}}},
		{"M77", "a file that a writer has removed is missed", engine, "Beside", []change{{
			"internal/seglog/recover.go",
			"		return nil // a writer beside this reader has removed it", "		return err"}}},
		{"M73", "so does the copy of a read-only store", engine, "Beside|ReadersSee", []change{{
			"internal/seglog/beside.go",
			"if l.Mode == vfs.ReadOnly {", "if l.Mode == vfs.ReadOnly && false {"}}},
		{"M74", "the copy of a read-only store lacks a seal", engine, "BackupOfARead", []change{{
			"internal/seglog/recover.go",
			"if err := r.tails[n-1].AdoptSeal(); err != nil {", "if err := error(nil); err != nil {"}}},
		{"M75", "a reader counts on a seal that may be taken back", engine, "Beside", []change{{
			"internal/seglog/recover.go",
			"	t, err := m.ScanTail(durable)\n	if err != nil {", "	t, err := m.ScanTail(durable)\n	if err == nil {\n		err = m.AdoptSeal()\n	}\n	if err != nil {"}}},
		{"M76", "a reader locks writers out", engine, "Hinder", []change{{
			"kv/open.go",
			"	if err != nil || e.opts.ReadOnly {", "	if err == nil && e.opts.ReadOnly {\n		e.lock, err = e.dir.Lock(segment.LockName)\n	}\n	if err != nil || e.opts.ReadOnly {"}}},
		{"M64", "the log not bounded, only what is alive", engine, rooms, []change{{
			"kv/room.go",
			"case grows, disk > e.mostDisk():", "case grows, disk < 0:"}}},
		{"M65", "a write refused for what nobody needs", engine, rooms, []change{{
			"kv/relief.go",
			"|| e.opts.CompactInterval < 0 ||", "|| err != nil ||"}}},
		{"M66", "what is dead but not published counts as alive", engine, rooms, []change{{
			"kv/room.go",
			"u.Seals-e.doomed()", "u.Seals"}}},
		{"M67", "a key the index has no room for gets into the log", engine, rooms + "|FullIndex", []change{{
			"kv/room.go",
			"if m.kind == record.Put && !e.index", "if m.kind == record.Mark && !e.index"}}},
		{"M68", "keys that wait for their sync claim no room in the index", engine, "ThatWaitForASync|LongKeys", []change{{
			"kv/group.go",
			"		e.claims.Add(m.hash, len(m.key))", "		_ = e.claims"}, {
			"kv/group.go",
			"			e.claims.Drop(m.hash, len(m.key))", "			_ = e.claims"}}},
		{"M69", "nor do the other keys of a transaction", engine, "ThatWaitForASync|LongKeys", []change{{
			"kv/room.go",
			"		if err := e.indexable(m, &claims); err != nil {", "		if err := e.indexable(m, &e.claims); err != nil {"}}},
	}
}
