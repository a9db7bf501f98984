// Package seglog is the log: an ordered set of segments and the manifest
// that says which they are.
//
// One writer at a time appends; when the active segment is full it is sealed
// and a new one begun. The order of what is made durable is always the same:
// the segment file, then its name in the directory, then the manifest that
// names it, and only then is a record accepted or an old file unlinked. So
// after any crash the manifest names only whole files.
//
// A writer does not wait until the segment it has filled is durable: that is
// done behind it, and only the next rotation waits for it. So the manifest
// ends in one or two segments that it does not call sealed. Nothing in the
// last is ever called durable before all of the one before it is. After a
// crash the records of the last count only if the one before it is whole, up
// to its seal: the log is a prefix of what was appended, without holes.
//
// The records of a commit group lie in one segment, and the last of them says
// that it is the last: recovery cuts behind the last group that is whole.
//
// A failed sync poisons the log. Nothing is appended any more, since what is
// on stable storage is not known; only opening the store again, which copies
// the records it serves to a new file, clears that.
//
// # Compaction
//
// Compaction replaces adjacent sealed segments by one that has only what is
// needed of them, or by none. The new one takes their place in the order of
// the log, and records keep their seq and their order: what a replay makes
// of the log is the same before and after.
//
// What may be left out:
//
//   - A value that is dead, at once: what killed it follows in the log. That
//     must be durable before the manifest forgets the value, or a power loss
//     would take both.
//   - A record that only kills (a tombstone; a value or a touch whose
//     deadline has passed) when the key has no newer value, and no segment
//     before these can have an older one. Such a value would be dead since
//     the killer's seq at the latest. So a segment that has no dead value
//     cannot have it, nor one that was purged at that seq or later. Of a
//     touch that is not true, which kills when its time comes: it becomes a
//     tombstone first.
//   - A touch when its key has another deadline, or no value. One that is in
//     force stays, also if its value carries the deadline by now: an older
//     touch may lie between the two.
//   - A mark, always: the manifest has the time.
//
// The order of things: the new file is synced; then everything up to the
// moment when the last record was judged; then the manifest names the new
// segment in the place of the old ones; then the index is led to it; then,
// when no reader can come to them any more, the old files are removed.
//
// Why nothing resurrects: a replay serves a key's last value that no killer
// follows. A value that is left out can make a replay serve only an older
// one, which its killer, or a newer value, follows still, since they keep
// their places in the order. A killer is left out only if no value of its key
// is left before it. And a segment never counts as purged beyond what the
// index showed when its first record was judged: what died later may be in it.
//
// # Concurrency
//
// Append, AppendGroup, Cut, Unsynced, Extents, Shapes, Begin, Retire, Refresh,
// LastSeq and Close belong to one writer at a time; ReadValue, Sync, Dead, Err,
// the rest of a Rewrite and the work that Behind is given may be called beside
// it.
package seglog
