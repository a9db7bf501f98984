package kv

import (
	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
)

// chunk is the items of a scan that are read together. Values of neighbours
// lie far apart in the log, and a processor that is told of many places at
// once waits for them but once. The first chunk is a single item: many a scan
// ends there.
type chunk struct {
	items []Item
	limit int // items of the next one
}

// Bounds of a chunk. Its values are one allocation, so that is also what one
// that is kept may keep with it; a longer value is alone.
const (
	chunkItems  = seglog.WarmMost
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
	n.engine.warm(pairs[:count])
	values := make([]byte, 0, size)
	for _, pair := range pairs[:count] {
		from := len(values)
		var header record.Header
		values, header, err = n.engine.log.ReadValue(values, location(pair.Entry), pair.Key)
		if err != nil {
			return nil, n.engine.public("read a value", err)
		}
		value := values[from:len(values):len(values)]
		c.items = append(c.items, Item{Key: pair.Key, Value: value, Deadline: asTime(pair.Entry.Deadline), Version: header.Seq})
	}
	return pairs[count:], nil
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

// warm begins to fetch the values of a chunk's pairs, if they are several.
func (e *engine) warm(pairs []keydir.Pair) {
	if len(pairs) < 2 {
		return
	}
	var places [chunkItems]seglog.Location
	for i, pair := range pairs {
		places[i] = location(pair.Entry)
	}
	e.log.Warm(places[:len(pairs)])
}
