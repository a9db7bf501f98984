package main

const (
	limits  = "./kv/ratelimit"
	dropins = "./kv/dropin"
	helpers = "./db"
	tables  = "./db/dbtest"
	once    = "./idempotency"
	evicts  = "./cache"
	filing  = "./file"
)

// adapterMutants are those of the packages that stand on the engine.
func adapterMutants() []mutant {
	return []mutant{
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
			"cache/table.go",
			"t.setSlot(i, s.touched())", "t.setSlot(i, s)"}}},
		{"M125", "a dead record at the tail forgets the live one", evicts, "Model", []change{{
			"cache/index.go",
			"s == 0 || s.pos() == pos", "s == 0 || s.tag() == tag"}}},
		{"M180", "a value read on a guess, whose ever it is", evicts, "Alike", []change{{
			"cache/alike.go",
			" && header == f.header &&\n		string(b[header:][:len(key)]) == key", " && header == f.header"}}},
		{"M181", "an expired value read on a guess", evicts, "Alike", []change{{
			"cache/alike.go",
			" || s.last.timed && s.clock", " || false && s.clock"}}},
		{"M182", "who comes back late is taken for hot", evicts, "LateOnes", []change{{
			"cache/evict.go",
			"return s.late%lateShare == 0", "return true"}}},
		{"M183", "a key that is set is given up for itself", evicts, "Policy|LargeValue", []change{{
			"cache/policy.go",
			"	return append(victims, p.settle(s)...)\n}\n\n// weightOf", "	return append(p.settle(s), p.shrink(0)...)\n}\n\n// weightOf"}, {
			"cache/policy.go",
			"	victims = p.shrink(int64(weight) - p.weightOf(key))\n", ""}}},
		{"M184", "what goes is not taken from the heaviest part", evicts, "Policy|LargeValue", []change{{
			"cache/policy.go",
			"s := p.heaviest()", "s := p.parts[int(p.evicted.Load())%len(p.parts)]"}}},
		{"M185", "a load that began within a change is kept, in memory", evicts, "WithinAChange", []change{{
			"cache/memory.go",
			"	c.flights.overtake(key)\n	c.leave(s)\n", "	c.leave(s)\n"}}},
		{"M186", "a load that began within a change is kept, in an engine", evicts, "WithinAChange", []change{{
			"cache/kvmodify.go",
			"			change.If = known\n", ""}, {
			"cache/kvcache.go",
			"	defer c.flights.overtake(key)\n", ""}}},
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
			"if f.overtaken.Load() || f.found {", "if f.found {"}, {
			"cache/load.go",
			"if !overtaken.Load() {", "if true {"}}},
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
