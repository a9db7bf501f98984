package main

import "strings"

// fill puts every key, in the way the kind of engine likes best.
func fill(e engine, k *keys, kind kind) error {
	if err := e.configure(mode{writers: 1}); err != nil {
		return err
	}
	order := k.load
	if kind.sorted {
		order = order.sorted()
	}
	var pairs []pair
	for i := range order.len() {
		key := strings.Clone(order.at(i)) // as a caller's would be: nobody may keep our list instead
		pairs = append(pairs, pair{key, k.value(key, 0)})
		if len(pairs) < kind.batch && i < order.len()-1 {
			continue
		}
		if err := write(e, pairs); err != nil {
			return err
		}
		pairs = pairs[:0]
	}
	return nil
}

func write(e engine, pairs []pair) error {
	if len(pairs) == 1 {
		return e.set(pairs[0].key, pairs[0].value)
	}
	return e.setAll(pairs)
}
