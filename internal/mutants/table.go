package main

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
	limits  = "./kv/ratelimit"
	dropins = "./kv/dropin"
	helpers = "./db"
	tables  = "./db/dbtest"
	once    = "./idempotency"
	evicts  = "./cache"
	filing  = "./file"
	caches  = "Cache|SavedIndex"
	streams = "Stream|Restore"
	rooms   = "Room|WhatFits|MaxBytes|AFullStore"
)

func mutants() []mutant {
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
			"	e.mu.Lock()\n	defer e.mu.Unlock()\n	return e.snapshotLocked(o)", "	return e.snapshotLocked(o)"}, {
			"kv/commit.go",
			"		} else {\n			err = errors.Join(err, e.publish(m))", "		} else {\n			for range 100 {\n				e.index.Barrier() // somebody else may run\n			}\n			err = errors.Join(err, e.publish(m))"}}},
		{"M41", "a group that failed left on the disk", "./internal/segment", "Group", []change{{
			"internal/segment/group.go",
			"return errors.Join(err, s.Sync())", "return err"}}},
		{"M42", "what a transaction has read not looked at again", engine, "Update", []change{{
			"kv/txcommit.go",
			"		if t.rests(key) {", "		if t.rests(key) && false {"}}},
		{"M43", "a transaction seen before what it waits behind", engine, "Update", []change{{
			"kv/commit.go",
			"		hold = hold || e.isPending(m.key)\n", ""}}},
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
			"		deadline = entry.Deadline\n", ""}}},
		{"M25", "readers see a write before it is durable", engine, "Group|Durable|Visible|Mixed|Pending", []change{{
			"kv/commit.go",
			"return e.queue(m), nil", "return e.queue(m), e.publish(m)"}}},
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
		{"M119", "a number given that a prepared segment has", "./internal/seglog", "Numbers", []change{{
			"internal/seglog/rotate.go",
			"	if err := l.dropPrepared(); err != nil {\n		return 0, err\n	}\n", ""}}},
		{"M79", "a rewrite that ended before relief was asked for does not count", engine, "ARewriteThatEnds", []change{{
			"kv/relief.go",
			"e.compactor.rewrites.Load() > crowded.rewrites", "e.compactor.rewrites.Load() > crowded.rewrites+1"}}},
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
			"	if !errors.As(err, &crowded) ||", "	if err != nil || !errors.As(err, &crowded) ||"}}},
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
		{"M110", "a request that is refused is counted", limits, "Refusing", []change{{
			"kv/ratelimit/fixed.go",
			"		if err != nil || d != (Decision{}) {", "		if err != nil || d != (Decision{}) {\n			_, _ = l.store.Incr(key, 1, l.window)"}}},
		{"M111", "a limiter's state replaced, whoever changed it", limits, "AsManyAs", []change{{
			"kv/ratelimit/keeper.go",
			"	return k.store.CompareAndSwap(key, state, next, ttl)", "	return true, k.store.Set(key, next, ttl)"}}},
		{"M112", "a burst opens a millisecond early", limits, "Edges", []change{{
			"kv/ratelimit/gcra.go",
			"wait := owed - (l.burst - l.every); wait > 0", "wait := owed - (l.burst - l.every); wait > 1e6"}}},
		{"M113", "the window before forgotten", limits, "Edges", []change{{
			"kv/ratelimit/sliding.go",
			"	case passed == 1:\n		*c = counters{start: c.start + window, before: c.current}", "	case passed == 1:\n		*c = counters{start: c.start + window}"}}},
		{"M114", "a drop-in's Reset empties the store", dropins, "Share", []change{{
			"kv/dropin/fiber.go",
			"s.store.DeletePrefix(s.prefix)", "s.store.DeletePrefix(\"\")"}}},
		{"M115", "a session without an expiry lives for ever", dropins, "Past", []change{{
			"kv/dropin/scs.go",
			"	if expiry.IsZero() {", "	if false {"}}},
		{"M120", "an expired value served for a millisecond", evicts, "Contract", []change{{
			"cache/record.go",
			"c.millis() >= r.deadline", "c.millis() > r.deadline"}}},
		{"M121", "keys of one hash taken for one key (bigcache, fastcache)", evicts, "OneHash", []change{{
			"cache/index.go",
			"x.pool.hasKey(r, key) {", "r.key == len(key) {"}}},
		{"M122", "what goes with pages not within a cache's bound (ristretto)", evicts, "SmallThenLarge|Storm", []change{{
			"cache/pool.go",
			"bytes / (size + pageOverhead)", "bytes / size"}}},
		{"M123", "no ghosts", evicts, "Ghosts", []change{{
			"cache/evict.go",
			"			t.remember(hash)\n", ""}}},
		{"M124", "what is read is evicted too", evicts, "HotIsKept", []change{{
			"cache/shard.go",
			"t.setSlot(i, t.slot(i).touched())", "t.setSlot(i, t.slot(i))"}}},
		{"M125", "a dead record at the tail forgets the live one", evicts, "Model", []change{{
			"cache/index.go",
			"s == 0 || s.pos() == pos", "s == 0 || s.tag() == tag"}}},
		{"M140", "a record written whatever is there", once, "Storm|Store/in_memory/of", []change{{
			"idempotency/kvstore.go",
			"		If:       e.version,", "		If:       0,"}}},
		{"M141", "a step of whoever comes, whatever its token (Powertools)", once, "Race03|Store/in_memory/a_claim", []change{{
			"idempotency/claim.go",
			"if !e.exists() || e.record.Token != token {", "if !e.exists() || token == 0 {"}}},
		{"M142", "fingerprints not compared while a key is held", once, "Race09", []change{{
			"idempotency/judge.go",
			"case r.Fingerprint != fingerprint:", "case r.Fingerprint != fingerprint && r.Status.final():"}}},
		{"M143", "a lease that holds for a nanosecond more", once, "Race02", []change{{
			"idempotency/judge.go",
			"case now.Before(r.LeaseUntil):", "case !now.After(r.LeaseUntil):"}}},
		{"M144", "a claim forgotten with its lease", once, "Race02|Race13", []change{{
			"idempotency/judge.go",
			"r.ExpiresAt = until.Add(r.Retention)", "r.ExpiresAt = until"}}},
		{"M145", "an outcome dropped because the caller has gone", once, "Race12", []change{{
			"idempotency/finish.go",
			"context.WithTimeout(context.WithoutCancel(h.ctx), finishTimeout)", "context.WithTimeout(h.ctx, finishTimeout)"}}},
		{"M146", "the effect committed before the record of it", once, "Tx", []change{{
			"idempotency/dotx.go",
			"	versions, err := t.s.kv.Commit(ctx, slices.Concat(changes, []store.Change{t.s.change(e)})...)",
			"	if _, err := t.s.kv.Commit(ctx, changes...); err != nil {\n		return 0, err\n	}\n	changes = changes[:0]\n	versions, err := t.s.kv.Commit(ctx, slices.Concat(changes, []store.Change{t.s.change(e)})...)"}}},
		{"M147", "a lease counted from when the store has answered", once, "Race14", []change{{
			"idempotency/hold.go",
			"	h.end = end\n", "	end.Stop()\n	h.end = h.countdown()\n"}}},
		{"M148", "a release that forgets who has vanished", once, "Store/in_memory/a_release", []change{{
			"idempotency/claim.go",
			"		case !r.TakenOver:", "		case true:"}}},
		{"M149", "taken over although it was to be once at most", once, "Unknown|Race13", []change{{
			"idempotency/judge.go",
			"case t.AtMostOnce || r.AtMostOnce:", "case t.AtMostOnce:"}}},
		{"M126", "a load from before a Delete is kept", evicts, "Contract|Nobody", []change{{
			"cache/flight.go",
			"if f.overtaken || f.found {", "if f.found {"}}},
		{"M127", "the first caller's context ends everybody's load (singleflight)", evicts, "OwnContext", []change{{
			"cache/flight.go",
			"context.WithCancel(context.WithoutCancel(ctx))", "context.WithCancel(ctx)"}}},
		{"M150", "a condition judged before the upload only", filing, "Judged", []change{{
			"file/kvput.go",
			"		If:       old.version,\n", ""}}},
		{"M151", "chunks added to an upload that was collected", filing, "KVStorage/in_memory/an_upload", []change{{
			"file/kvput.go",
			"store.Change{Key: u.s.keys.body(u.m.id), Value: record.encode(), If: u.version},",
			"store.Change{Key: u.s.keys.body(u.m.id), Value: record.encode()},"}}},
		{"M152", "a body collected between the look at its name and its opening", filing, "OpeningIsOvertaken", []change{{
			"file/kvget.go",
			"again, err := s.lookup(ctx, path)", "again, err := e, error(nil)"}}},
		{"M153", "a body removed while it is read", filing, "KVStorage/in_memory/tiny_chunks/an_open_file", []change{{
			"file/uses.go",
			"if held = u.count[id] > 0; held {", "if u.count[id] > 0 {"}}},
		{"M154", "the chunks removed of a Put that may have been made", filing, "KVStorage/in_memory/broken", []change{{
			"file/kvgc.go",
			"s.bulk.Commit(ctx, store.Change{Key: key, Value: record.encode(), If: version})",
			"s.bulk.Commit(ctx, store.Change{Key: key, Value: record.encode()})"}}},
		{"M155", "a moved body collected", filing, "KVStorage/in_memory/broken", []change{{
			"file/kvcopy.go",
			"	record.path = to\n", ""}}},
		{"M156", "a file named before it was synced (fileblob)", filing, "PowerInADirectory", []change{{
			"file/dirput.go",
			"return m.stat(name, expires), bare(f.Sync())", "return m.stat(name, expires), nil"}}},
		{"M157", "no directory sync behind a rename (renameio)", filing, "PowerInADirectory", []change{{
			"file/dirstorage.go",
			"if err := unlessMissing(s.disk.syncDir(dir)); err != nil {", "if err := error(nil); err != nil {"}}},
		{"M158", "names on disk that some systems take for one", filing, "DiskNames", []change{{
			"file/dirname.go",
			"case 'a' <= c && c <= 'z', ", "case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', "}}},
		{"M159", "the body of a damaged file collected", filing, "OneDamagedManifest", []change{{
			"file/kvgc.go",
			"return e.m == nil || e.m.id == id, nil", "return e.m != nil && e.m.id == id, nil"}}},
		{"M128", "what is evicted stays on the disk", evicts, "Disk", []change{{
			"cache/kvevict.go",
			"	if !c.policy.has(key) {", "	if !c.policy.has(key) && false {"}}},
		{"M129", "what is asked for forgotten by a restart", evicts, "HotnessIsKept", []change{{
			"cache/hotness.go",
			"w.main, w.frequency)", "false, 0)"}}},
		{"M160", "a commit whose answer was lost counts as refused", helpers, "ACommitThatFailed", []change{{
			"db/tx.go",
			"	if !errors.Is(err, sql.ErrTxDone) && !refused(err) {", "	if false {"}}},
		{"M161", "what exits leaves its transaction open", helpers, "RolledBack", []change{{
			"db/tx.go",
			"		if !returned { // fn panics", "		if !returned && false { // fn panics"}}},
		{"M162", "a commit in doubt is tried again", helpers, "IsAskedForOnce|DoesNotKnow|Retry", []change{{
			"db/retry.go",
			"errors.Is(err, ErrCommitUnknown) || ", ""}}},
		{"M163", "an error quotes what the driver quotes", helpers, "NoDSN|NoArgument", []change{{
			"db/errors.go",
			"+ describe(e.cause)", "+ e.cause.Error()"}}},
		{"M164", "a row keeps what the one before had", helpers, "MapsColumns|EachRow", []change{{
			"db/rows.go",
			"		*row = empty\n", "		_ = empty\n"}}},
		{"M165", "a context ends a commit that was asked for", helpers, "IsAskedForOnce", []change{{
			"db/kvcommit.go",
			"context.WithCancelCause(context.WithoutCancel(ctx))", "context.WithCancelCause(ctx)"}, {
			"db/tx.go",
			"	err := tx.Commit()\n", "	err := tx.Commit()\n	if err == nil {\n		err = ctx.Err()\n	}\n"}}},
		{"M166", "who expects a key to be absent sees what has expired", tables, "KVKeepsTheContract/sqlite/(expired|versions)", []change{{
			"db/dialect.go",
			"FROM {t} WHERE deadline > ? AND k IN ", "FROM {t} WHERE deadline > ? - 3600000 AND k IN "}}},
		{"M167", "a version comes twice", tables, "KVKeepsTheContract/sqlite/versions", []change{{
			"db/kvlane.go",
			"One[int64](ctx, tx, statement, n, lane)", "One[int64](ctx, tx, statement, 0, lane)"}}},
		{"M168", "lanes locked in any order", helpers, "OneOrder", []change{{
			"db/kvlane.go",
			"range slices.Sorted(maps.Keys(at)) {", "range slices.Backward(slices.Sorted(maps.Keys(at))) {"}}},
		{"M169", "the reaper takes what lives", tables, "KVReapsInBatches/sqlite", []change{{
			"db/dialect.go",
			"SELECT k FROM {t} WHERE deadline <= {now} ORDER BY deadline LIMIT {batch})\"", "SELECT k FROM {t} ORDER BY deadline LIMIT {batch})\""}}},
	}
}
