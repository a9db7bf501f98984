package kv

import "time"

// Stats is what a store looks like at one moment.
type Stats struct {
	Keys       int    // with a value; expired ones excluded
	Segments   int    // files of the log
	DiskBytes  int64  // of records and headers in those files
	LiveBytes  int64  // of records that the keys need
	DeadBytes  int64  // of records that nobody needs
	IndexBytes int64  // of memory in the index, keys included
	LastSeq    uint64 // of the last mutation
	DurableSeq uint64 // up to which all is on stable storage
	Syncs      uint64 // done for the sake of records since the store was opened
	Expired    uint64 // keys swept since the store was opened

	HintBytes     int64  // of files that spare the next open the reading of values
	PinnedBytes   int64  // of files that are kept only for snapshots
	AppendedBytes int64  // written for the sake of calls since the store was opened
	CopiedBytes   int64  // written by compaction since the store was opened
	Compactions   uint64 // since the store was opened
	CompactWaits  uint64 // writes that waited for the compaction

	// Snapshots is how many are open, those of scans and views under way
	// included, and OldestSnapshot how long ago, by the store's time, the
	// oldest was taken. An old one keeps memory for all that has changed
	// since, and files that could be removed.
	Snapshots      int
	OldestSnapshot time.Duration
	Recovery       Recovery
}

// Recovery is what opening the store found and did.
type Recovery struct {
	Clean          bool          // the store had been closed
	Segments       int           // opened
	Records        int64         // replayed
	TornFile       string        // the segment whose tail was cut, or ""
	TornOffset     int64         // where it was cut
	TornBytes      int64         // of unfinished writes, which nobody was promised
	OrphansRemoved int           // files of unfinished work
	IndexLoaded    bool          // the last Close had saved the index: no record was read
	Hints          int           // segments whose values were not read, thanks to a hint
	Ignored        int           // saved indexes and hints that were there but did not match
	Took           time.Duration // of NewKVStore
}

// Stats returns the store's figures. It sweeps first, as Len does. After
// Close only Recovery is set.
func (s *KVStore) Stats() Stats {
	e := s.engine
	keys := s.Len()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed.Load() {
		return Stats{Recovery: e.recovery}
	}
	u := e.log.Usage()
	open, oldest := e.snapshots.stats(e.clock.now())
	return Stats{
		Keys:       keys,
		Segments:   u.Segments,
		DiskBytes:  u.Disk,
		LiveBytes:  u.Records - u.Dead,
		DeadBytes:  u.Dead,
		IndexBytes: e.index.Bytes(),
		LastSeq:    e.log.LastSeq(),
		DurableSeq: u.Durable,
		Syncs:      u.Syncs,
		Expired:    e.sweeper.swept.Load(),

		HintBytes:     u.Hints,
		PinnedBytes:   u.Pinned,
		AppendedBytes: e.log.Appended(),
		CopiedBytes:   e.compactor.copied.Load(),
		Compactions:   e.compactor.rewrites.Load(),
		CompactWaits:  e.compactor.waits.Load(),

		Recovery: e.recovery,

		Snapshots:      open,
		OldestSnapshot: oldest,
	}
}
