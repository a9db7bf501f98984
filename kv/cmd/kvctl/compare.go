package main

import (
	"github.com/spcent/plumego/store/kv"
)

// comparison says how a reopened store differs from the model.
type comparison struct {
	keys     int64 // in the store
	sessions int64 // of them

	missing    int64 // keys only the model has
	unexpected int64 // keys only the store has
	values     int64 // keys whose values differ
	deadlines  int64 // keys whose deadlines differ
}

// wrong is the number of differences.
func (d comparison) wrong() int64 {
	return d.missing + d.unexpected + d.values + d.deadlines
}

// compare reads every item of the store, and looks for every item of the
// model.
func compare(s *kv.KVStore, m *model) (d comparison, err error) {
	m.purge()
	for item, err := range s.Scan("") {
		if err != nil {
			return d, err
		}
		d.keys++
		if isSession(item.Key) {
			d.sessions++
		}
		want, ok := m.items[item.Key]
		if !ok {
			d.unexpected++
			continue
		}
		if string(item.Value) != want.text() {
			d.values++
		}
		if !item.Deadline.Equal(want.deadline) {
			d.deadlines++
		}
	}
	for key := range m.items {
		if !s.Exists(key) {
			d.missing++
		}
	}
	return d, nil
}
