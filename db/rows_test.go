package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
)

// Stamps is embedded, as those of a real program are.
type Stamps struct {
	CreatedAt time.Time
	deletedBy string
}

type Address struct{ City *string }

type person struct {
	Stamps
	*Address
	ID       int64  `db:"person_id"`
	FullName string // full_name, FULLNAME
	Note     sql.Null[string]
	Photo    []byte
	Secret   string `db:"-"`
}

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func people() *fake {
	return &fake{
		columns: []string{"full_name", "person_id", "created_at", "note", "photo", "CITY"},
		rows: [][]driver.Value{
			{"Ada", int64(1), noon, "first", []byte("a"), "London"},
			{"Bo", int64(2), noon, nil, nil, nil},
			{"Cy", int64(3), noon, "third", []byte("c"), "Rome"},
		},
	}
}

func TestAllMapsColumnsToFields(t *testing.T) {
	all, err := All[person](t.Context(), opened(t, people()), "SELECT")
	require.NoError(t, err)
	london, rome := "London", "Rome"
	require.Equal(t, []person{
		{Stamps{noon, ""}, &Address{&london}, 1, "Ada", sql.Null[string]{V: "first", Valid: true}, []byte("a"), ""},
		{Stamps{noon, ""}, &Address{nil}, 2, "Bo", sql.Null[string]{}, nil, ""},
		{Stamps{noon, ""}, &Address{&rome}, 3, "Cy", sql.Null[string]{V: "third", Valid: true}, []byte("c"), ""},
	}, all)
}

func TestAllOfNothingIsEmpty(t *testing.T) {
	all, err := All[int](t.Context(), opened(t, &fake{columns: []string{"n"}}), "SELECT")
	require.NoError(t, err)
	require.Equal(t, []int{}, all)
}

func TestOneColumnIsAScalar(t *testing.T) {
	of := func(v driver.Value) *sql.DB {
		return opened(t, &fake{columns: []string{"n"}, rows: [][]driver.Value{{v}}})
	}
	number, err := One[int64](t.Context(), of(int64(7)), "SELECT")
	require.NoError(t, err)
	require.Equal(t, int64(7), number)
	moment, err := One[time.Time](t.Context(), of(noon), "SELECT")
	require.NoError(t, err)
	require.Equal(t, noon, moment)
	missing, err := One[*string](t.Context(), of(nil), "SELECT")
	require.NoError(t, err)
	require.Nil(t, missing)
	null, err := One[sql.NullInt64](t.Context(), of(nil), "SELECT")
	require.NoError(t, err)
	require.False(t, null.Valid)
}

func TestOneIsNeitherNoneNorMany(t *testing.T) {
	f := &fake{columns: []string{"n"}}
	sqlDB := opened(t, f)
	_, err := One[int](t.Context(), sqlDB, "SELECT")
	require.ErrorIs(t, err, ErrNoRows)
	require.ErrorIs(t, err, sql.ErrNoRows)
	require.ErrorIs(t, err, store.ErrNotFound)
	f.rows = [][]driver.Value{{int64(1)}, {int64(2)}}
	_, err = One[int](t.Context(), sqlDB, "SELECT")
	require.ErrorIs(t, err, ErrMultipleRows)
}

func TestWhatDoesNotFitIsNamed(t *testing.T) {
	type twins struct {
		Name  string
		NAME  string
		Other int
	}
	type user struct {
		Name string
		Age  int
	}
	all := func(columns []string, row []driver.Value, run func(Querier) error) error {
		return run(opened(t, &fake{columns: columns, rows: [][]driver.Value{row}}))
	}
	users := func(q Querier) error { _, err := All[user](context.Background(), q, "SELECT"); return err }
	for _, c := range []struct {
		columns []string
		row     []driver.Value
		run     func(Querier) error
		text    string
	}{
		{[]string{"name", "mail"}, []driver.Value{"Ada", secret}, users,
			`db: map: rows do not fit the type: column "mail" has no field in db.user`},
		{[]string{"name", "NAME"}, []driver.Value{"Ada", secret}, users,
			`db: map: rows do not fit the type: column "NAME" is there twice`},
		{[]string{"name", "age"}, []driver.Value{"Ada", secret}, users,
			`db: scan: rows do not fit the type: column "age": a value does not fit int`},
		{[]string{"name", "age"}, []driver.Value{nil, int64(1)}, users,
			`db: scan: rows do not fit the type: column "name": NULL does not fit string`},
		{[]string{"name"}, []driver.Value{"Ada"},
			func(q Querier) error { _, err := All[twins](context.Background(), q, "SELECT"); return err },
			`db: map: rows do not fit the type: column "name" has more than one field in db.twins`},
		{[]string{"a", "b"}, []driver.Value{"Ada", "b"},
			func(q Querier) error { _, err := All[string](context.Background(), q, "SELECT"); return err },
			`db: map: rows do not fit the type: string takes one column, and there are 2`},
		{[]string{"a"}, []driver.Value{"Ada"},
			func(q Querier) error { _, err := All[sql.RawBytes](context.Background(), q, "SELECT"); return err },
			`db: map: rows do not fit the type: sql.RawBytes is the driver's memory`},
		{[]string{"a", "b"}, []driver.Value{"1", secret},
			func(q Querier) error {
				var a string
				var b int
				return QueryRowContext(context.Background(), q, "SELECT").Scan(&a, &b)
			},
			`db: scan: rows do not fit the type: column "b": a value does not fit int`},
		{[]string{"a", "b"}, []driver.Value{"1", "2"},
			func(q Querier) error { return QueryRowContext(context.Background(), q, "SELECT").Scan(new(string)) },
			`db: scan: rows do not fit the type: 2 columns for 1 places`},
	} {
		err := all(c.columns, c.row, c.run)
		require.EqualError(t, err, c.text)
		require.ErrorIs(t, err, ErrMapping)
	}
}

func TestEachRowHasItsOwnMemory(t *testing.T) {
	var kept []person
	for p, err := range Rows[person](t.Context(), opened(t, people()), "SELECT") {
		require.NoError(t, err)
		kept = append(kept, p)
	}
	kept[0].Photo[0] = 'X'
	*kept[0].City = "Paris"
	require.Equal(t, "c", string(kept[2].Photo))
	require.Equal(t, "Rome", *kept[2].City)
	require.NotSame(t, kept[0].Address, kept[1].Address)
}

func TestALoopThatBreaksLetsGo(t *testing.T) {
	sqlDB := opened(t, people())
	for range Rows[person](t.Context(), sqlDB, "SELECT") {
		break
	}
	require.Zero(t, sqlDB.Stats().InUse)
	require.Panics(t, func() {
		for range Rows[person](t.Context(), sqlDB, "SELECT") {
			panic("boom")
		}
	})
	require.Zero(t, sqlDB.Stats().InUse)
}

func TestAnErrorAmongTheRowsIsTheLast(t *testing.T) {
	f := people()
	f.fail = map[string]error{"END": io.ErrUnexpectedEOF}
	n := 0
	var last error
	for _, err := range Rows[person](t.Context(), opened(t, f), "SELECT") {
		n, last = n+1, err
	}
	require.Equal(t, 4, n)
	require.ErrorIs(t, last, io.ErrUnexpectedEOF)
	require.ErrorIs(t, last, ErrQueryFailed)
	_, err := All[person](t.Context(), opened(t, f), "SELECT")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestQueryErrorsTellNoArgument(t *testing.T) {
	f := &fake{fail: map[string]error{"SELECT": stated("22P02")}}
	sqlDB := opened(t, f)
	var text string
	for name, err := range map[string]error{
		"query": second(QueryContext(t.Context(), sqlDB, "SELECT", secret)),
		"exec":  second(ExecContext(t.Context(), sqlDB, "SELECT", secret)),
		"row":   QueryRowContext(t.Context(), sqlDB, "SELECT", secret).Scan(&text),
		"all":   second(All[person](t.Context(), sqlDB, "SELECT", secret)),
		"one":   second(One[person](t.Context(), sqlDB, "SELECT", secret)),
	} {
		require.ErrorIs(t, err, ErrQueryFailed, name)
		require.ErrorContains(t, err, "SQLSTATE 22P02")
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
		var own *Error
		require.ErrorAs(t, err, &own)
		require.Equal(t, stated("22P02"), own.Cause())
	}
}

func second[T any](_ T, err error) error { return err }

// mysqlError has its state where go-sql-driver/mysql has it.
type mysqlError struct {
	Number   uint16
	SQLState [5]byte
}

func (e *mysqlError) Error() string { return secret }

func TestTheStateMayBeAField(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", &mysqlError{1213, [5]byte{'4', '0', '0', '0', '1'}})
	require.Equal(t, "40001", SQLState(err))
	require.True(t, Retryable(failed(t.Context(), "exec", ErrQueryFailed, err)))
	require.True(t, Retryable(errors.Join(io.EOF, failed(t.Context(), "exec", ErrQueryFailed, err))))
	require.Empty(t, SQLState(nil))
	require.Empty(t, SQLState(io.EOF))
	require.Empty(t, SQLState(&mysqlError{}))
}

type number int

// mattnError has its code where mattn/go-sqlite3 has it.
type mattnError struct{ Code number }

func (e mattnError) Error() string { return secret }

type moderncError int

func (e moderncError) Error() string { return secret }
func (e moderncError) Code() int     { return int(e) }

func TestSQLiteIsBusy(t *testing.T) {
	for _, err := range []error{mattnError{5}, moderncError(5), moderncError(5 | 2<<8), moderncError(6)} {
		require.True(t, isBusy(err))
		require.True(t, isBusy(fmt.Errorf("wrapped: %w", err)))
		require.True(t, isBusy(errors.Join(io.EOF, err)))
		require.True(t, isBusy(failed(t.Context(), "exec", ErrQueryFailed, err)))
	}
	for _, err := range []error{mattnError{19}, moderncError(1555), io.EOF, stated("5")} {
		require.False(t, isBusy(err))
	}
}
