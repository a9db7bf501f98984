package kv

import (
	"slices"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
)

// chunk is the items of a scan that are read together. Values of neighbours
// lie far apart in the log, and a processor that is told of many places at
// once waits for them but once. The first chunk is a single item: many a scan
// ends there.
type chunk struct {
	items  []Item
	places []seglog.Wanted
	limit  int // items of the next one
}

// Bounds of a chunk. Its values are one allocation, so that is also what one
// that is kept may keep with it; a longer value is alone.
const (
	chunkItems  = seglog.ReadMost
	chunkBytes  = 16 << 10
	chunkGrowth = 4
)

// fill reads the first of some pairs, at least one, and returns the others.
// After an error the items are those before the one that failed.
func (c *chunk) fill(n *Snapshot, pairs []keydir.Pair) (rest []keydir.Pair, err error) {
	c.limit = max(1, min(chunkGrowth*c.limit, chunkItems))
	count, size := c.measure(pairs)
	c.items = c.items[:0]

	n.reading.RLock()
	defer n.reading.RUnlock()
	if err := n.usable(); err != nil {
		return nil, err
	}
	if n.engine.opts.reads != nil {
		n.engine.opts.reads()
	}
	c.items = slices.Grow(c.items, count)
	from := 0
	err = n.engine.log.ReadValues(make([]byte, 0, size), c.wanted(pairs[:count]), func(values []byte, h record.Header) {
		pair := &pairs[len(c.items)]
		c.items = append(c.items, Item{
			Key:      pair.Key,
			Value:    values[from:len(values):len(values)],
			Deadline: asTime(pair.Entry.Deadline),
			Version:  h.Seq,
		})
		from = len(values)
	})
	if err != nil {
		return nil, n.engine.public("read a value", err)
	}
	return pairs[count:], nil
}

// clear makes it as good as new.
func (c *chunk) clear() {
	clear(c.items[:cap(c.items)])
	clear(c.places[:cap(c.places)])
	*c = chunk{items: c.items[:0], places: c.places[:0]}
}

// measure returns how many of the pairs make the next chunk, and what their
// values may have, in bytes.
func (c *chunk) measure(pairs []keydir.Pair) (count int, size int64) {
	for _, pair := range pairs[:min(len(pairs), c.limit)] {
		value := pair.Entry.Size - record.Size(len(pair.Key), 0) + record.Align
		if count > 0 && size+value > chunkBytes {
			break
		}
		count, size = count+1, size+value
	}
	return count, size
}

// wanted says where the values of the pairs lie. It is valid until the next.
func (c *chunk) wanted(pairs []keydir.Pair) []seglog.Wanted {
	c.places = c.places[:0]
	for i := range pairs {
		c.places = append(c.places, seglog.Wanted{Location: location(pairs[i].Entry), Key: pairs[i].Key})
	}
	return c.places
}
