package db

import (
	"database/sql"
	"reflect"
	"strings"
	"sync"
	"time"
)

// plans keeps the plan of every struct type that rows were asked for as. It is
// bounded by the program's types, and a plan never changes.
var plans sync.Map // reflect.Type -> *plan

// plan says where the columns of a struct go.
type plan struct {
	fields map[string]*place // by tag, and by name as simple makes it
}

// place is a field, and what it is called in an error.
type place struct {
	index     []int
	depth     int
	ambiguous bool // two fields of one depth have the name
}

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{fields: map[string]*place{}}
	p.add(t, nil, map[reflect.Type]bool{})
	kept, _ := plans.LoadOrStore(t, p)
	return kept.(*plan)
}

// add enters the fields of t, which lies at index in the struct. within are
// the types around it: one that embeds itself is entered once.
func (p *plan) add(t reflect.Type, index []int, within map[reflect.Type]bool) {
	if within[t] {
		return
	}
	within[t] = true
	defer delete(within, t)
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("db"), ",")
		at := append(index[:len(index):len(index)], i)
		switch {
		case tag == "-":
		case f.Anonymous && tag == "" && embeds(f):
			p.add(pointed(f.Type), at, within)
		case !f.IsExported():
		case tag != "":
			p.enter(strings.ToLower(tag), at)
		default:
			p.enter(simple(f.Name), at)
		}
	}
}

// embeds reports whether a field lends its own fields to the struct around
// it. One behind a pointer to an unexported type cannot be set.
func embeds(f reflect.StructField) bool {
	t := pointed(f.Type)
	return t.Kind() == reflect.Struct && !isScalar(t) && (f.IsExported() || f.Type.Kind() != reflect.Pointer)
}

func pointed(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// enter keeps a field under a name; as in Go, the less deep one hides others.
func (p *plan) enter(name string, index []int) {
	old := p.fields[name]
	switch {
	case old == nil || len(index) < old.depth:
		p.fields[name] = &place{index: index, depth: len(index)}
	case len(index) == old.depth:
		old.ambiguous = true
	}
}

// find returns the field of a column: by its tag first.
func (p *plan) find(column string) *place {
	if f, ok := p.fields[column]; ok {
		return f
	}
	if f, ok := p.fields[strings.ToLower(column)]; ok {
		return f
	}
	return p.fields[simple(column)]
}

// simple returns a name without what Go and SQL write differently.
func simple(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "")
}

// isScalar reports whether a value of type t takes one column though it is a
// struct.
func isScalar(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || reflect.PointerTo(t).Implements(reflect.TypeFor[sql.Scanner]())
}
