package main

import (
	"errors"
	"strings"
	"unsafe"
)

// engine is a store as the rows use it. Methods but configure, settle and
// close are called by several goroutines at once. A write has returned nil
// only when the engine acknowledges it.
type engine interface {
	// configure is called before each row of writes.
	configure(m mode) error
	// get returns the value in memory that belongs to the caller, or
	// errAbsent.
	get(key string) ([]byte, error)
	set(key string, value []byte) error
	// setAll writes all pairs in one transaction.
	setAll(pairs []pair) error
	// incr adds 1 to a counter, which begins at 0, and returns it.
	incr(key string) (int64, error)
	// scan visits, in key order, the first so many keys with a prefix. The
	// value is a copy; what is visited may be used during the call only.
	scan(prefix string, limit int, visit func(key string, value []byte)) error
	// scanKeys is scan without values.
	scanKeys(prefix string, limit int, visit func(key string)) error
	// settle brings a loaded store into the state in which it reads best.
	settle() error
	close() error
}

// mode is how a row writes.
type mode struct {
	durable bool // an acknowledged write is on stable storage
	writers int  // goroutines
}

type pair struct {
	key   string
	value []byte
}

var (
	errAbsent      = errors.New("no such key")
	errUnsupported = errors.New("not supported")
)

// kind is one sort of engine.
type kind struct {
	name   string
	open   func(dir string) (engine, error)
	sorted bool   // it is loaded in key order, which a tree likes best
	batch  int    // keys in one transaction while it is loaded
	module string // whose version is told
}

// Names of those that are not peers.
const (
	ours    = "kv"
	hashmap = "map"
	machine = "machine"
)

func kinds() []kind {
	return []kind{
		{ours, openKV, false, 1, ""},
		{"bbolt", openBolt, true, 1000, "go.etcd.io/bbolt"},
		{"badger", openBadger, false, 1000, "github.com/dgraph-io/badger/v4"},
		{"pebble", openPebble, false, 1000, "github.com/cockroachdb/pebble/v2"},
		{"buntdb", openBunt, false, 1000, "github.com/tidwall/buntdb"},
		{"sqlite", openSQLite, true, 1000, "modernc.org/sqlite"},
		{hashmap, openMap, false, 1, ""},
		{machine, nil, false, 1, ""},
	}
}

func kindOf(name string) (kind, bool) {
	for _, k := range kinds() {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

func engineNames() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

func isPeer(name string) bool { return name != ours && name != hashmap && name != machine }

// bytesOf returns the bytes of s without a copy, for engines that want keys
// as bytes and do not change them.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// stringOf returns b as a string without a copy. It is good as long as b is
// not changed.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// upperBound returns the least string greater than all with the prefix.
func upperBound(prefix string) string {
	return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
}

func clone(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }

func hasPrefix(key []byte, prefix string) bool { return strings.HasPrefix(stringOf(key), prefix) }
