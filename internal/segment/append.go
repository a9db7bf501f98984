package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// After these the store must not accept another write.
var (
	// ErrBroken says that bytes behind the last record could not be taken
	// back.
	ErrBroken = errors.New("segment cannot be rolled back")
	// ErrSync says that a sync failed: which bytes are on stable storage is
	// not known and cannot be found out.
	ErrSync = errors.New("sync failed")
)

// Append writes one record behind the last and returns its offset. When it
// returns nil the bytes are the kernel's: the death of the process cannot
// take them. An error means that the segment is as it was, unless it is
// ErrBroken or ErrFault. It keeps no reference to value.
func (s *Segment) Append(h record.Header, key string, value []byte) (int64, error) {
	h.Synced = s.synced.Load()
	return s.put(h.Type, record.Size(len(key), len(value)), func(dst []byte, at record.Place, t tally) tally {
		record.Encode(dst, at, h, key, value)
		return t.with(dst)
	})
}

// AppendCopy appends a valid record of another segment, given as its bytes.
func (s *Segment) AppendCopy(t record.Type, raw []byte) (int64, error) {
	return s.put(t, int64(len(raw)), func(dst []byte, at record.Place, t tally) tally {
		record.Restamp(dst, at, raw)
		return t.with(dst)
	})
}

// encoder writes records into the bytes that they will take, the first of
// which are at that place, and returns the tally with them.
type encoder func(dst []byte, at record.Place, t tally) tally

// put finds room for records, has them encoded there, and moves the end.
func (s *Segment) put(t record.Type, size int64, encode encoder) (int64, error) {
	if err := s.makeRoom(t, size); err != nil {
		return 0, err
	}
	return s.fill(size, encode)
}

// makeRoom reserves what so many bytes of records need, and what must stay
// free behind them.
func (s *Segment) makeRoom(t record.Type, size int64) error {
	if need := s.end.Load() + size + s.spare(t); need > s.reserved {
		return s.reserve(need)
	}
	return nil
}

// fill has records encoded in room that is reserved, and moves the end.
func (s *Segment) fill(size int64, encode encoder) (int64, error) {
	off := s.end.Load()
	t, err := s.write(off, size, encode)
	if err != nil {
		return 0, err
	}
	s.chain, s.count = t.chain, t.count
	s.end.Store(off + size)
	if off+size+stretch > s.asked && s.ahead != nil {
		s.lookAhead(off + size)
	}
	return off, nil
}

// write encodes records in place, or in a buffer and by one call, and returns
// the tally with them.
func (s *Segment) write(off, size int64, encode encoder) (t tally, err error) {
	t = tally{s.chain, s.count}
	if s.placement == vfs.ByMapping {
		defer catchFault(&err, debug.SetPanicOnFault(true))
		return encode(s.mem[off:off+size], s.place(off), t), nil
	}
	if int64(cap(s.buf)) < size {
		s.buf = make([]byte, size)
	}
	dst := s.buf[:size]
	t = encode(dst, s.place(off), t)
	if _, err := s.file.WriteAt(dst, off); err != nil {
		err = fmt.Errorf("write to %s: %w", s.name, err)
		return t, errors.Join(err, s.erase(off, size))
	}
	return t, nil
}

// erase makes room that may hold part of a record zero again. What a reader
// of a torn tail would find there must not survive behind later records.
func (s *Segment) erase(off, size int64) (err error) {
	if s.placement == vfs.ByMapping {
		defer catchFault(&err, debug.SetPanicOnFault(true))
		clear(s.mem[off : off+size])
		return nil
	}
	if _, err := s.file.WriteAt(make([]byte, size), off); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrBroken, s.name, err)
	}
	return nil
}

// Sync makes everything appended before the call durable, and the room
// behind it. After a failure it returns the same error for ever: the kernel
// has already forgotten it.
func (s *Segment) Sync() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	return s.sync()
}

// Finish is Sync for a segment that was sealed: if somebody else has done it
// meanwhile it leaves the file alone, which may be closed by then.
func (s *Segment) Finish() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	if s.synced.Load() == s.end.Load() {
		return nil
	}
	return s.sync()
}

// sync is Sync with syncMu held.
func (s *Segment) sync() error {
	if s.syncErr != nil {
		return s.syncErr
	}
	end := s.end.Load()
	if err := s.file.Sync(); err != nil {
		s.syncErr = fmt.Errorf("%w: %s: %w", ErrSync, s.name, err)
		return s.syncErr
	}
	if s.synced.Load() != 0 { // see Withhold
		s.synced.Store(end)
	}
	return nil
}

// Withhold has records promise nothing in their synced field, whatever is
// synced, since the segment before this one is not durable: without that none
// of these counts. It comes before the first record.
func (s *Segment) Withhold() { s.synced.Store(0) }

// Vouch ends Withhold.
func (s *Segment) Vouch() { s.synced.CompareAndSwap(0, HeaderSize) }

// Synced returns how many bytes are known to be on stable storage.
func (s *Segment) Synced() int64 { return s.synced.Load() }

// Seal appends the seal. The segment is complete, but not yet durable: that
// takes a Sync. Unseal takes the seal back.
func (s *Segment) Seal(seq uint64) error {
	var value [16]byte
	binary.LittleEndian.PutUint64(value[:], s.chain)
	binary.LittleEndian.PutUint64(value[8:], uint64(s.count))
	h := record.Header{Type: record.Seal, Commit: true, Seq: seq}
	s.before = mark{s.end.Load(), s.chain, s.count}
	_, err := s.Append(h, "", value[:])
	s.sealed = err == nil
	return err
}

// Unseal takes back a seal behind which no other segment was begun. The
// segment can be appended to again.
//
// It waits for a sync that is under way: one that began behind the seal must
// not raise what is known to be synced above the new end.
func (s *Segment) Unseal() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	end := s.end.Load()
	if err := s.erase(s.before.end, end-s.before.end); err != nil {
		return err
	}
	s.sealed = false
	s.end.Store(s.before.end)
	s.synced.Store(min(s.synced.Load(), s.before.end))
	s.chain, s.count = s.before.chain, s.before.count
	return nil
}

// Trim gives back the room behind the last record and forbids stores through
// the mapping. The segment cannot be appended to any more.
func (s *Segment) Trim() error {
	if s.mem != nil {
		if err := s.file.Protect(s.mem); err != nil {
			return fmt.Errorf("protect %s: %w", s.name, err)
		}
	}
	if err := s.file.Truncate(s.end.Load()); err != nil {
		return fmt.Errorf("trim %s: %w", s.name, err)
	}
	s.reserved = s.end.Load()
	return nil
}

// mark is a state that the writer can go back to.
type mark struct {
	end   int64
	chain uint64
	count int64
}
