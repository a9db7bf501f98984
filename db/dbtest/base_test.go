package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/spcent/plumego/store/db"
)

// base is a database with one of its drivers.
type base struct {
	name   string
	driver string
	env    string // the variable that names a running server; "" for SQLite
	bytes  string // the type of a column of bytes
	ready  *tables
}

const (
	postgresEnv = "STORE_POSTGRES_DSN"
	mariadbEnv  = "STORE_MARIADB_DSN"
)

func bases() []base {
	return []base{
		{"sqlite", "sqlite", "", "BLOB", new(tables)},
		{"postgres by pgx", "pgx", postgresEnv, "BYTEA", new(tables)},
		{"postgres by pq", "postgres", postgresEnv, "BYTEA", new(tables)},
		{"mariadb", "mysql", mariadbEnv, "BLOB", new(tables)},
	}
}

// quiet is the logger of a driver that would log what it returns too.
func quiet() { _ = mysql.SetLogger(log.New(io.Discard, "", 0)) }

// onEach runs a test on every database.
func onEach(t *testing.T, run func(t *testing.T, b base, sqlDB *sql.DB)) {
	for _, b := range bases() {
		t.Run(b.name, func(t *testing.T) { run(t, b, b.open(t)) })
	}
}

// dsn returns where the database is. Without an environment the test is
// skipped, or fails if services are required.
func (b base) dsn(t testing.TB) string {
	if b.env == "" {
		// Processes are killed here, not machines.
		path := filepath.Join(t.TempDir(), "test.db")
		return "file:" + path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=busy_timeout(5000)"
	}
	dsn := os.Getenv(b.env)
	if dsn == "" {
		if os.Getenv("STORE_REQUIRE_SERVICES") == "1" {
			t.Fatalf("%s is not set, and STORE_REQUIRE_SERVICES=1", b.env)
		}
		t.Skipf("%s is not set: see the package comment", b.env)
	}
	return dsn
}

func (b base) open(t testing.TB) *sql.DB {
	t.Helper()
	sqlDB, err := db.Open(db.DefaultConfig(b.driver, b.dsn(t)))
	require.NoError(t, err)
	t.Cleanup(func() {
		allReturned(t, sqlDB)
		require.NoError(t, sqlDB.Close())
	})
	return sqlDB
}

// allReturned checks that no connection is in use. database/sql rolls back
// behind a context that ends, so it may take a moment.
func allReturned(t testing.TB, sqlDB *sql.DB) {
	t.Helper()
	require.Eventually(t, func() bool { return sqlDB.Stats().InUse == 0 }, 20*time.Second, time.Millisecond, "connections are in use")
}

// sql writes a statement in the dialect: ? is an argument, BYTES a type.
func (b base) sql(statement string) string {
	statement = strings.ReplaceAll(statement, "BYTES", b.bytes)
	if b.driver == "sqlite" || b.driver == "mysql" {
		return statement
	}
	parts := strings.Split(statement, "?")
	for i := range parts[1:] {
		parts[i] += "$" + strconv.Itoa(i+1)
	}
	return strings.Join(parts, "")
}

// table makes a table of the test's own and returns its name.
func (b base) table(t testing.TB, sqlDB *sql.DB, columns string) string {
	t.Helper()
	name := fmt.Sprintf("t_%s_%d", strings.ToLower(strings.NewReplacer("/", "_", "#", "_", " ", "_").Replace(t.Name())), os.Getpid())
	if len(name) > 60 {
		name = name[len(name)-60:]
	}
	name = strings.TrimLeft(name, "_0123456789")
	b.exec(t, sqlDB, "CREATE TABLE "+name+" ("+columns+")")
	t.Cleanup(func() { b.exec(t, sqlDB, "DROP TABLE "+name) })
	return name
}

func (b base) exec(t testing.TB, e db.Execer, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), e, b.sql(statement), args...); err != nil {
		t.Fatalf("%s: %v: %v", statement, err, err.(*db.Error).Cause())
	}
}
