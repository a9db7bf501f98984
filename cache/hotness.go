package cache

import (
	"cmp"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/spcent/plumego/store/kv"
)

// hotness is what a PersistentCache saves of what its policy knows of a key:
//
//	+---------------------------+------+-----------+--------+------+
//	| hash of the key, 61 bits  | main | frequency | weight | rank |
//	| 8 bytes with the next two | 1    | 2 bits    | 4      | 4    |
//	+---------------------------+------+-----------+--------+------+
//
// all little endian, many behind each other under the keys "h:0", "h:1", ...
// Each stands for itself, so that it does not matter if some are lost or old.
// The rank is the place between the tail of a log, 0, and its head. This must
// not change but with the prefix.
type hotness struct {
	hash      uint64 // the lowest bits are 0
	main      bool
	frequency int
	weight    uint32
	rank      uint32
}

const (
	savedPrefix  = "h:"
	savedBytes   = 16
	savedChunk   = 16 << 10 // bytes under a key
	savedFlags   = 1<<(frequencyBits+1) - 1
	savedInMain  = 1 << frequencyBits
	greatestRank = 1<<32 - 1
)

// stableHash is the same in every process.
func stableHash(key []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(key)
	return h.Sum64() &^ savedFlags
}

func (h hotness) append(dst []byte) []byte {
	flags := uint64(h.frequency)
	if h.main {
		flags |= savedInMain
	}
	dst = binary.LittleEndian.AppendUint64(dst, h.hash|flags)
	dst = binary.LittleEndian.AppendUint32(dst, h.weight)
	return binary.LittleEndian.AppendUint32(dst, h.rank)
}

func parseHotness(b []byte) hotness {
	first := binary.LittleEndian.Uint64(b)
	return hotness{
		hash: first &^ savedFlags, main: first&savedInMain != 0, frequency: int(first & mostFrequent),
		weight: binary.LittleEndian.Uint32(b[8:]), rank: binary.LittleEndian.Uint32(b[12:]),
	}
}

// save writes the hotness of every key, and returns how many there are. What
// cannot be written is lost to the next open, and no more.
func (c *PersistentCache) save() (keys int) {
	var all []byte
	for _, s := range c.policy.keys.shards {
		s.mu.Lock()
		all = s.appendHotness(all)
		s.mu.Unlock()
	}
	keys = len(all) / savedBytes
	n := 0
	for chunk := range slices.Chunk(all, savedChunk) {
		if c.engine.Set(savedPrefix+strconv.Itoa(n), chunk, 0) != nil {
			return keys
		}
		n++
	}
	for ; c.engine.Exists(savedPrefix + strconv.Itoa(n)); n++ {
		if c.engine.Delete(savedPrefix+strconv.Itoa(n)) != nil {
			return keys
		}
	}
	return keys
}

// appendHotness appends that of every key of a policy's shard.
func (s *shard) appendHotness(dst []byte) []byte {
	for _, q := range []*queue{&s.probation, &s.main} {
		at := 0
		q.walk(func(r record) {
			key := s.keyOf(r)
			if t, i, ok := s.index.findAt(maphash.Bytes(s.seed, key), r.pos); ok {
				h := hotness{hash: stableHash(key), main: t.slot(i).main(), frequency: t.slot(i).frequency()}
				h.weight = binary.LittleEndian.Uint32(s.appendValue(nil, r))
				h.rank = uint32(uint64(at) * greatestRank / uint64(q.bytes))
				dst = h.append(dst)
			}
			at += r.size()
		})
	}
	return dst
}

// walk calls fn for each record from tail to head.
func (q *queue) walk(fn func(record)) {
	at, size := q.tail, q.pool.size()
	for left := q.bytes; left > 0; {
		r := q.pool.record(q.pos(at))
		fn(r)
		left -= r.size()
		for at.off += r.size(); at.off > size || at.off == size && left > 0; at.off -= size {
			at.page = q.pool.next[at.page]
		}
	}
}

// warm is a key whose value was found at opening.
type warm struct {
	key string
	hotness
	version uint64 // of those whose hotness is not known: its order
}

// warm fills the policy with the keys that the engine has, in the order in
// which it last knew them; behind them those that came since.
func (c *PersistentCache) warm() error {
	saved, err := c.saved()
	if err != nil {
		return err
	}
	var all []warm
	for name := range c.engine.Keys(valuePrefix) {
		w := warm{key: name[len(valuePrefix):]}
		known := false
		if w.hotness, known = saved[stableHash([]byte(w.key))]; !known {
			item, err := c.engine.GetItem(name)
			if errors.Is(err, kv.ErrKeyNotFound) {
				continue // it has expired since
			}
			if err != nil {
				return err
			}
			w.weight, w.rank, w.version = uint32(c.weigh(w.key, len(item.Value))), greatestRank, item.Version
		}
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b warm) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.version, b.version))
	})
	for _, w := range all {
		c.drop(c.policy.restore(w))
	}
	return nil
}

// saved returns the hotness that was saved, by hash.
func (c *PersistentCache) saved() (map[uint64]hotness, error) {
	all := map[uint64]hotness{}
	for item, err := range c.engine.Scan(savedPrefix) {
		if err != nil {
			return nil, err
		}
		for chunk := range slices.Chunk(item.Value, savedBytes) {
			if len(chunk) == savedBytes {
				h := parseHotness(chunk)
				all[h.hash] = h
			}
		}
	}
	return all, nil
}

// restore puts a key where it was. It returns the keys of those that are to go
// for it.
func (p *policy) restore(w warm) (victims []string) {
	victims = p.shrink(int64(w.weight))
	s, hash := p.part(w.key)
	s.add(w.weight)
	s.restore(hash, w.key, binary.LittleEndian.AppendUint32(nil, w.weight), w.main, w.frequency)
	return append(victims, p.settle(s)...)
}

// restore writes the record of a key that is not there to the log it was in.
func (s *shard) restore(hash uint64, key string, value []byte, main bool, frequency int) {
	var header [maxHeader]byte
	h := appendHeader(header[:0], len(key), len(value), 0, 0)
	s.makeRoom(len(h)+len(key)+len(value), tagOf(hash))
	s.place(hash, key, h, value, main, frequency)
}
