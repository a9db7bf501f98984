package verify

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// op is one operation of a list, with all that it needs.
type op struct {
	kind    string
	key, to string
	value   string
	delta   int64
	ttl     time.Duration
	durable bool // by a handle that waits for the disk
}

// newList returns 5,000 to 10,000 random operations, or fewer when time is
// dear.
func newList(rng *rand.Rand) (list []op) {
	for range (5_000 + rng.IntN(5_001)) / shrunk() {
		list = append(list, newOp(rng))
	}
	return append(list, op{kind: "scan"})
}

// kinds are the operations, each as often as its weight.
func kinds() (all []string) {
	for _, k := range []struct {
		kind   string
		weight int
	}{
		{"set", 300}, {"set until", 80}, {"expire", 60}, {"incr", 150}, {"delete", 120}, {"delete prefix", 4},
		{"get", 150}, {"ttl", 60}, {"exists", 40}, {"scan", 8}, {"range", 20}, {"reverse", 20}, {"keys", 10}, {"len", 10},
		{"snapshot", 8}, {"look", 16}, {"close", 6}, {"sync", 4}, {"tick", 100}, {"pause", 3},
	} {
		for range k.weight {
			all = append(all, k.kind)
		}
	}
	return all
}

func newOp(rng *rand.Rand) op {
	all := kinds()
	op := op{
		kind:    all[rng.IntN(len(all))],
		key:     fmt.Sprintf("key-%03d", rng.IntN(400)),
		to:      fmt.Sprintf("key-%03d", rng.IntN(400)),
		delta:   rng.Int64N(2000) - 1000,
		ttl:     time.Duration(rng.IntN(6)) * time.Duration(rng.IntN(2000)) * time.Millisecond,
		durable: rng.IntN(30) == 0,
	}
	switch rng.IntN(4) {
	case 0:
		op.value = fmt.Sprint(op.delta)
	case 1:
		op.value = strings.Repeat("long", rng.IntN(800))
	default:
		op.value = strings.Repeat(string('a'+rune(rng.IntN(26))), rng.IntN(150))
	}
	if op.kind == "delete prefix" {
		op.key = op.key[:len(op.key)-1]
	}
	return op
}

// do does the operation and returns all that it tells.
func (o op) do(p *player) string {
	s := p.s
	if o.durable {
		s = s.WithSync(kv.SyncAlways)
	}
	switch o.kind {
	case "set":
		return told(nil, s.Set(o.key, []byte(o.value), o.ttl))
	case "set until":
		return told(nil, s.SetUntil(o.key, []byte(o.value), p.clock.now().Add(o.ttl-time.Second)))
	case "expire":
		return told(nil, s.Expire(o.key, o.ttl))
	case "incr":
		sum, err := s.Incr(o.key, o.delta, o.ttl)
		return told(sum, err)
	case "delete":
		return told(nil, s.Delete(o.key))
	case "delete prefix":
		n, err := s.DeletePrefix(o.key)
		return told(n, err)
	case "get":
		value, err := s.Get(o.key)
		return told(string(value), err)
	case "ttl":
		left, err := s.TTL(o.key)
		return told(left, err)
	case "exists":
		return told(s.Exists(o.key), nil)
	case "sync":
		return told(nil, s.Sync())
	case "tick":
		p.clock.pass(o.ttl / 10)
		return ""
	case "pause":
		p.pause()
		return ""
	case "snapshot":
		n, err := s.Snapshot()
		p.open = append(p.open, n)
		return told(nil, err)
	case "look":
		return o.look(p)
	case "close":
		return o.close(p)
	}
	return o.list(s)
}

// list lists a store or a snapshot.
func (o op) list(s scanner) string {
	from, to := min(o.key, o.to), max(o.key, o.to)
	switch o.kind {
	case "range":
		return items(s.ScanRange(from, to))
	case "reverse":
		return items(s.ScanRange(from, to, kv.Reverse()))
	case "keys":
		var all strings.Builder
		for key := range s.Keys(o.key[:5]) {
			all.WriteString(key + " ")
		}
		return all.String()
	case "len":
		return told(s.Len(), nil)
	}
	return items(s.Scan(""))
}

// look reads all of a snapshot, if one is open.
func (o op) look(p *player) string {
	if len(p.open) == 0 {
		return "none"
	}
	n := p.open[int(o.delta+1000)%len(p.open)]
	value, err := n.Get(o.key)
	return told(string(value), err) + o.list(n) + told(n.Len(), nil)
}

// close closes the oldest snapshot, if one is open.
func (o op) close(p *player) string {
	if len(p.open) == 0 {
		return "none"
	}
	err := p.open[0].Close()
	p.open = p.open[1:]
	return told(nil, err)
}

// told is what a call has said. That a key has expired is the same as that
// it is not there: it depends on when the sweeper comes.
func told(value any, err error) string {
	if errors.Is(err, kv.ErrKeyNotFound) {
		err = kv.ErrKeyNotFound
	}
	return fmt.Sprint(value, " ", err)
}

// items is what a scan has yielded, but for the versions: they count writes,
// and what a store writes by itself is its own affair.
func items(scan iter.Seq2[kv.Item, error]) string {
	var all strings.Builder
	for item, err := range scan {
		if err != nil {
			return all.String() + err.Error()
		}
		fmt.Fprintf(&all, "%s=%s until %d\n", item.Key, item.Value, asMillis(item.Deadline))
	}
	return all.String()
}
