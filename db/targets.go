package db

import (
	"database/sql"
	"reflect"
)

// target is where the columns of a row go.
type target struct {
	row    reflect.Value // the struct, if some places lie behind pointers in it
	places []*place
	dest   []any // for sql.Rows.Scan
}

// targets finds the places in row, a pointer, for the columns of rows.
func targets(rows *sql.Rows, row any) (target, error) {
	columns, err := rows.Columns()
	if err != nil {
		return target{}, err
	}
	v := reflect.ValueOf(row).Elem()
	if v.Kind() != reflect.Struct || isScalar(v.Type()) {
		return single(v, columns)
	}
	plan := planOf(v.Type())
	t := target{row: v, places: make([]*place, len(columns))}
	taken := make(map[*place]bool, len(columns))
	for i, column := range columns {
		p := plan.find(column)
		switch {
		case p == nil:
			return target{}, because("column %q has no field in %s", column, v.Type())
		case p.ambiguous:
			return target{}, because("column %q has more than one field in %s", column, v.Type())
		case taken[p]:
			return target{}, because("column %q is there twice", column)
		case v.Type().FieldByIndex(p.index).Type == reflect.TypeFor[sql.RawBytes]():
			return target{}, because("column %q: sql.RawBytes is the driver's memory", column)
		}
		t.places[i], taken[p] = p, true
	}
	t.dest = make([]any, len(columns))
	if !t.behindPointers() {
		t.aim()
		t.row = reflect.Value{} // once is enough
	}
	return t, nil
}

// single is the target of a type that takes one column.
func single(v reflect.Value, columns []string) (target, error) {
	switch {
	case len(columns) != 1:
		return target{}, because("%s takes one column, and there are %d", v.Type(), len(columns))
	case v.Type() == reflect.TypeFor[sql.RawBytes]():
		return target{}, because("sql.RawBytes is the driver's memory")
	}
	return target{dest: []any{v.Addr().Interface()}}, nil
}

// fresh returns the places for the next row.
func (t *target) fresh() []any {
	if t.row.IsValid() {
		t.aim()
	}
	return t.dest
}

// behindPointers reports whether a place lies in a struct that is embedded by
// pointer, and so is elsewhere for each row.
func (t *target) behindPointers() bool {
	for _, p := range t.places {
		at := t.row.Type()
		for _, i := range p.index[:len(p.index)-1] {
			at = at.Field(i).Type
			if at.Kind() == reflect.Pointer {
				return true
			}
		}
	}
	return false
}

// aim points dest at the fields, and makes embedded structs that are not
// there.
func (t *target) aim() {
	for n, p := range t.places {
		v := t.row
		for _, i := range p.index {
			if v.Kind() == reflect.Pointer {
				if v.IsNil() {
					v.Set(reflect.New(v.Type().Elem()))
				}
				v = v.Elem()
			}
			v = v.Field(i)
		}
		t.dest[n] = v.Addr().Interface()
	}
}
