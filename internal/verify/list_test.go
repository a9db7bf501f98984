package verify

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
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

// weighted is a kind of operation and how often it comes.
type weighted struct {
	kind   string
	weight int
}

func kinds() []weighted {
	return []weighted{
		{"set", 300}, {"set until", 80}, {"expire", 60}, {"incr", 150}, {"delete", 120}, {"delete prefix", 4},
		{"set nx", 60}, {"swap", 80}, {"delete if", 30}, {"update", 60}, {"restore", 1}, {"beside", 2},
		{"get", 150}, {"item", 40}, {"ttl", 60}, {"exists", 40}, {"scan", 8}, {"range", 20}, {"reverse", 20}, {"keys", 10}, {"len", 10},
		{"snapshot", 8}, {"look", 16}, {"close", 6}, {"sync", 4}, {"tick", 100}, {"pause", 3},
	}
}

func newKind(rng *rand.Rand) string {
	total := 0
	for _, k := range kinds() {
		total += k.weight
	}
	n := rng.IntN(total)
	for _, k := range kinds() {
		if n -= k.weight; n < 0 {
			return k.kind
		}
	}
	panic("unreachable")
}

func newOp(rng *rand.Rand) op {
	op := op{
		kind:    newKind(rng),
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
	case "set nx":
		done, err := s.SetNX(o.key, []byte(o.value), o.ttl)
		return told(done, err)
	case "swap":
		done, err := s.CompareAndSwap(o.key, o.expected(s), []byte(o.value), o.ttl)
		return told(done, err)
	case "delete if":
		done, err := s.CompareAndDelete(o.key, o.expected(s))
		return told(done, err)
	case "update":
		return o.update(s)
	case "item":
		item, err := s.GetItem(o.key)
		return told(fmt.Sprintf("%s until %d", item.Value, asMillis(item.Deadline)), err)
	case "restore", "beside":
		return o.copied(p)
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

// expected is what a condition expects of the key: mostly what it has.
func (o op) expected(s *kv.KVStore) []byte {
	value, _ := s.Get(o.key)
	if o.delta%4 == 0 {
		value = append(value, 'x')
	}
	return value
}

// update does a transaction of some steps, and says what each has said. What
// it does depends on nothing but the operation.
func (o op) update(s *kv.KVStore) string {
	var all string
	err := stopped(func() error {
		return s.Update(func(tx *kv.Tx) error {
			all = ""
			rng := rand.New(rand.NewPCG(uint64(o.delta+1000), uint64(o.ttl)))
			for range 1 + rng.IntN(6) {
				all += newOp(rng).step(tx)
			}
			switch rng.IntN(8) {
			case 0:
				return errStop
			case 1:
				panic(errStop)
			}
			return nil
		})
	})
	return told(all, err)
}

// step does what can be done of an operation in a transaction, or scans.
func (o op) step(tx *kv.Tx) string {
	switch o.kind {
	case "set", "set nx", "swap":
		return told(nil, tx.Set(o.key, []byte(o.value), o.ttl))
	case "expire":
		return told(nil, tx.Expire(o.key, o.ttl))
	case "incr":
		sum, err := tx.Incr(o.key, o.delta, o.ttl)
		return told(sum, err)
	case "delete", "delete if":
		return told(nil, tx.Delete(o.key))
	case "get", "ttl", "item":
		item, err := tx.GetItem(o.key)
		return told(fmt.Sprintf("%s until %d", item.Value, asMillis(item.Deadline)), err)
	case "exists":
		return told(tx.Exists(o.key), nil)
	}
	return items(tx.Scan(o.key[:6]))
}

// copied lists what a copy by a stream has, or who reads beside the writer
// sees. In memory there is no beside.
func (o op) copied(p *player) string {
	opts := kv.Options{DataDir: p.dir(), ReadOnly: true, SweepInterval: -1, Now: p.clock.now}
	switch {
	case o.kind == "restore":
		opts.DataDir = filepath.Join(p.root, "restored")
		defer os.RemoveAll(opts.DataDir)
		var stream bytes.Buffer
		_, err := p.s.WriteTo(&stream)
		p.check(err)
		p.check(kv.Restore(p.t.Context(), &stream, opts.DataDir))
	case p.way.memory:
		return items(p.s.Scan(""))
	}
	s := open(p.t, opts)
	all := items(s.Scan(""))
	p.check(s.Close())
	return all
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
