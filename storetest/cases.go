package storetest

import (
	"time"

	"github.com/spcent/plumego/store"
)

func putIsGot(k *kv) {
	deadline := k.clock.In(time.Hour)
	version := k.commit(store.Change{Key: "k", Value: []byte("v"), Deadline: deadline})
	got := k.get("k")
	if string(got.Value) != "v" || got.Version != version || !got.Deadline.Equal(deadline) {
		k.Fatalf("got %+v, want version %d, deadline %v", got, version, deadline)
	}
	k.put("k", "w")
	k.want("k", "w")
}

func emptyIsAValue(k *kv) {
	k.commit(store.Change{Key: "nil"}, store.Change{Key: "empty", Value: []byte{}})
	k.want("nil", "")
	k.want("empty", "")
	k.wantKeys("", "", "empty", "nil")
}

func missingIsNotFound(k *kv) {
	k.put("key", "v")
	for _, key := range []string{"ke", "key1", "KEY", "key\x00"} {
		k.wantMissing(key)
	}
}

func deleteRemoves(k *kv) {
	k.put("a", "1")
	k.put("b", "2")
	k.commit(store.Change{Key: "a", Delete: true}, store.Change{Key: "nobody", Delete: true})
	k.wantMissing("a")
	k.want("b", "2")
	k.put("a", "3")
	k.want("a", "3")
}

func keysAreBytes(k *kv) {
	keys := []string{"\x00", "\x00\x00", " ", "%", "A", "\\", "_", "a", "a\x00", "a\x00b", "a ", "a%", "a/b", "ab", "é", "日本", "\xff", "\xff\xff"}
	for i, key := range keys {
		k.put(key, string(rune('a'+i)))
	}
	for i, key := range keys {
		k.want(key, string(rune('a'+i)))
	}
	k.wantKeys("", "", keys...)
	k.wantKeys("a", "", keys[7:14]...)
	k.wantKeys("\xff", "", keys[16:]...)
	k.wantKeys("%", "", "%")
}

func emptyKeyIsInvalid(k *kv) {
	_, err := k.Get(k.Context(), "")
	k.wantErr("Get", err, store.ErrInvalid)
	k.refuse(store.ErrInvalid, store.Change{})
	k.refuse(store.ErrInvalid, store.Change{Delete: true})
	k.refuse(store.ErrInvalid, store.Change{Key: "k"}, store.Change{If: store.Absent})
	k.wantKeys("", "")
}

func valuesAreCopies(k *kv) {
	value := []byte("value")
	k.commit(store.Change{Key: "k", Value: value})
	value[0] = 'X'
	k.want("k", "value")
	k.get("k").Value[0] = 'X'
	k.want("k", "value")
	for item := range k.Scan(k.Context(), "", "") {
		item.Value[0] = 'X'
	}
	k.want("k", "value")
}

func expiredIsAbsent(k *kv) {
	k.commit(store.Change{Key: "k", Value: []byte("v"), Deadline: k.clock.In(time.Second)})
	k.clock.Pass(time.Second - time.Millisecond)
	k.want("k", "v")
	k.wantKeys("", "", "k")
	k.refuse(store.ErrConflict, store.Change{Key: "k", If: store.Absent})
	version := k.get("k").Version
	k.clock.Pass(time.Millisecond)
	k.wantMissing("k")
	k.wantKeys("", "")
	k.refuse(store.ErrConflict, store.Change{Key: "k", If: version})
	k.refuse(store.ErrConflict, store.Change{Key: "k", Delete: true, If: version})
}

func deadlinesAreRoundedUp(k *kv) {
	k.commit(store.Change{Key: "k", Deadline: k.clock.In(time.Millisecond + 1)})
	k.clock.Pass(2*time.Millisecond - 1)
	k.want("k", "")
	k.clock.Pass(1)
	k.wantMissing("k")
}

func pastDeadlineDeletes(k *kv) {
	k.put("a", "1")
	k.put("b", "1")
	k.commit(store.Change{Key: "a", Value: []byte("2"), Deadline: k.clock.Now()})
	k.commit(store.Change{Key: "b", Value: []byte("2"), Deadline: time.Unix(0, 1)})
	k.wantKeys("", "")
	k.put("a", "3")
	k.want("a", "3")
}

func tellsItsTime(k *kv) {
	c, ok := k.KV.(store.Clock)
	if !ok {
		k.Log("it is no store.Clock")
		return
	}
	for range 3 {
		if got := c.Now(); !got.Equal(k.clock.Now()) {
			k.Fatalf("Now() = %v, want %v", got, k.clock.Now())
		}
		k.clock.Pass(time.Second + 1)
	}
}

func putClearsDeadline(k *kv) {
	k.commit(store.Change{Key: "k", Deadline: k.clock.In(time.Second)})
	k.put("k", "v")
	k.clock.Pass(time.Hour)
	k.want("k", "v")
	if got := k.get("k"); !got.Deadline.IsZero() {
		k.Fatalf("got deadline %v", got.Deadline)
	}
}

func versionsGrow(k *kv) {
	last := uint64(0)
	grow := func(version uint64) {
		k.Helper()
		if version <= last {
			k.Fatalf("version %d comes after %d", version, last)
		}
		if got := k.get("k").Version; got != version {
			k.Fatalf("Get says version %d, Commit %d", got, version)
		}
		last = version
	}
	grow(k.put("k", "1"))
	grow(k.put("k", "1"))
	k.commit(store.Change{Key: "k", Delete: true})
	grow(k.put("k", "1"))
	grow(k.commit(store.Change{Key: "k", Deadline: k.clock.In(time.Second)}))
	k.clock.Pass(time.Second)
	grow(k.commit(store.Change{Key: "k", If: store.Absent}))
	grow(k.commit(store.Change{Key: "k", If: last}))
}

func expectsVersion(k *kv) {
	first := k.put("k", "1")
	second := k.commit(store.Change{Key: "k", Value: []byte("2"), If: first})
	for _, stale := range []uint64{first, second + 1, store.Absent} {
		k.refuse(store.ErrConflict, store.Change{Key: "k", Value: []byte("3"), If: stale})
		k.refuse(store.ErrConflict, store.Change{Key: "k", Delete: true, If: stale})
	}
	k.want("k", "2")
	k.refuse(store.ErrConflict, store.Change{Key: "nobody", If: second})
	k.commit(store.Change{Key: "k", Delete: true, If: second})
	k.wantKeys("", "")
}

func expectsAbsent(k *kv) {
	k.commit(store.Change{Key: "k", Value: []byte("1"), If: store.Absent})
	k.refuse(store.ErrConflict, store.Change{Key: "k", Value: []byte("2"), If: store.Absent})
	k.want("k", "1")
	k.commit(store.Change{Key: "k", Delete: true})
	k.commit(store.Change{Key: "k", Value: []byte("3"), If: store.Absent})
	k.want("k", "3")
}

func allOrNothing(k *kv) {
	version := k.put("a", "1")
	k.put("b", "1")
	changes := []store.Change{
		{Key: "new", Value: []byte("2"), If: store.Absent},
		{Key: "b", Delete: true},
		{Key: "a", Value: []byte("2"), If: version},
	}
	k.put("a", "3")
	k.refuse(store.ErrConflict, changes...)
	k.wantKeys("", "", "a", "b")
	k.want("a", "3")
	changes[2].If = k.get("a").Version
	k.commit(changes...)
	k.wantKeys("", "", "a", "new")
	k.want("a", "2")
}

func nothingIsNothing(k *kv) {
	if versions, err := k.Commit(k.Context()); err != nil || len(versions) != 0 {
		k.Fatalf("Commit() = %v, %v", versions, err)
	}
}

func oneChangeForAKey(k *kv) {
	k.refuse(store.ErrInvalid, store.Change{Key: "a"}, store.Change{Key: "k"}, store.Change{Key: "k", Delete: true})
	k.wantKeys("", "")
}
