package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"slices"
	"sync"
	"testing"
	"time"
)

// fake is a database that keeps nothing: it notes what it is told, answers
// with the rows it was given, and fails where a test says so.
type fake struct {
	mu      sync.Mutex // protects the fields below
	log     []string
	args    map[string][][]driver.NamedValue // by statement
	columns []string
	rows    [][]driver.Value
	fail    map[string]error  // by statement, "BEGIN" and so on included
	hook    map[string]func() // called before the statement
}

// opened returns a pool of one connection to f, which must be free at the
// test's end.
func opened(t *testing.T, f *fake) *sql.DB {
	t.Helper()
	sqlDB := sql.OpenDB(f)
	sqlDB.SetMaxOpenConns(1)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := sqlDB.Conn(ctx); err != nil {
			t.Errorf("the connection is still in use: %v", err)
		}
		_ = sqlDB.Close()
	})
	return sqlDB
}

func (f *fake) note(ctx context.Context, statement string) error {
	f.mu.Lock()
	f.log = append(f.log, statement)
	hook := f.hook[statement]
	f.mu.Unlock()
	if hook != nil {
		hook()
	}
	f.mu.Lock()
	err := f.fail[statement]
	f.mu.Unlock()
	if err == nil {
		err = ctx.Err()
	}
	return err
}

func (f *fake) said() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.log)
}

func (f *fake) Connect(ctx context.Context) (driver.Conn, error) {
	f.mu.Lock()
	err := f.fail["CONNECT"]
	f.mu.Unlock()
	return fakeConn{f}, err
}

func (f *fake) Driver() driver.Driver { return fakeDriver{f} }

// fakeDriver is a fake under a name. It fails to open what it is told to.
type fakeDriver struct{ f *fake }

func (d fakeDriver) Open(string) (driver.Conn, error) { return d.f.Connect(context.Background()) }

type fakeConn struct{ f *fake }

func (c fakeConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (c fakeConn) Close() error                        { return nil }
func (c fakeConn) Begin() (driver.Tx, error)           { panic("BeginTx is there") }

func (c fakeConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	return fakeTx(c), c.f.note(ctx, "BEGIN")
}

func (c fakeConn) ExecContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.f.note(ctx, query)
}

func (c fakeConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.f.mu.Lock()
	if c.f.args == nil {
		c.f.args = map[string][][]driver.NamedValue{}
	}
	c.f.args[query] = append(c.f.args[query], args)
	c.f.mu.Unlock()
	if err := c.f.note(ctx, query); err != nil {
		return nil, err
	}
	return &fakeRows{f: c.f, columns: c.f.columns, rest: c.f.rows}, nil
}

type fakeTx struct{ f *fake }

func (t fakeTx) Commit() error   { return t.f.note(context.Background(), "COMMIT") }
func (t fakeTx) Rollback() error { return t.f.note(context.Background(), "ROLLBACK") }

type fakeRows struct {
	f       *fake
	columns []string
	rest    [][]driver.Value
}

func (r *fakeRows) Columns() []string { return r.columns }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(dest []driver.Value) error {
	if len(r.rest) == 0 {
		if err := r.f.fail["END"]; err != nil {
			return err
		}
		return io.EOF
	}
	copy(dest, r.rest[0])
	r.rest = r.rest[1:]
	return nil
}

// stated is a driver's error with a state. Its text is what must not be seen.
type stated string

const secret = "hunter2"

func (s stated) Error() string    { return "a driver quotes " + secret }
func (s stated) SQLState() string { return string(s) }
