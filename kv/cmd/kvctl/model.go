package main

import (
	"fmt"
	"strconv"
	"time"
)

// model is what the store must hold, by the same rules in a plain map. It
// shares nothing with the store but the log's lines and the names of keys,
// so that one of the two being wrong shows.
type model struct {
	ttl    time.Duration
	now    time.Time // never runs backwards
	items  map[string]modelItem
	living int // items after the last purge

	begun int64 // sessions
}

// modelItem is a session if it has a client, and else a counter.
type modelItem struct {
	client      string
	first, last time.Time
	n           int64
	deadline    time.Time
}

func newModel(ttl time.Duration) *model {
	return &model{ttl: ttl, items: make(map[string]modelItem)}
}

// request takes in one request and returns what the store should answer:
// whether it begins a session, and how many its client made that minute.
func (m *model) request(client string, at time.Time) (begun bool, n int64) {
	if at.After(m.now) {
		m.now = at
	}
	s, ok := m.live(sessionKey(client))
	if !ok {
		m.begun++
		s = modelItem{client: client, first: m.now}
	}
	s.n++
	s.last = m.now
	s.deadline = m.now.Add(m.ttl)
	m.items[sessionKey(client)] = s

	c, found := m.live(counterKey(client, at))
	if !found {
		c = modelItem{deadline: m.now.Add(counterTTL)}
	}
	c.n++
	m.items[counterKey(client, at)] = c

	if len(m.items) > 2*m.living+1024 {
		m.purge()
	}
	return !ok, c.n
}

// live returns the item under key if its deadline has not passed.
func (m *model) live(key string) (modelItem, bool) {
	item, ok := m.items[key]
	if !ok || !m.now.Before(item.deadline) {
		return modelItem{}, false
	}
	return item, true
}

// purge forgets what has expired. After it every item is alive.
func (m *model) purge() {
	for key, item := range m.items {
		if !m.now.Before(item.deadline) {
			delete(m.items, key)
		}
	}
	m.living = len(m.items)
}

// text returns the value the store should hold for an item.
func (i modelItem) text() string {
	if i.client == "" {
		return strconv.FormatInt(i.n, 10)
	}
	return fmt.Sprintf(`{"client":"%s","first":"%s","last":"%s","requests":%d}`, i.client,
		i.first.UTC().Format("2006-01-02T15:04:05Z"), i.last.UTC().Format("2006-01-02T15:04:05Z"), i.n)
}
