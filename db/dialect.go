package db

import (
	"database/sql"
	"strconv"
	"strings"
)

// Dialect is the SQL that a database speaks.
type Dialect int

// The dialects that a KV can be kept in.
const (
	// PostgreSQL is that of PostgreSQL, CockroachDB and YugabyteDB.
	PostgreSQL Dialect = iota + 1
	// MySQL is that of MySQL and MariaDB, with InnoDB.
	MySQL
	// SQLite is that of SQLite from 3.42 on. Its data source name should ask
	// for journal_mode WAL and for a busy_timeout.
	SQLite
)

// statements are what a KV says. In them {t} is the table, ? an argument and
// {now} the time in Unix milliseconds.
type statements struct {
	schema []string
	now    string // the server's time, an expression
	claim  string // adds the first argument to the counter of a lane
	upsert string // what follows the rows of an INSERT
	reap   string // deletes a batch of what has expired

	get, from, between, expect, delete, insert string // what all say alike

	// options of a transaction in which a statement sees what was committed
	// before it, and locks what it changes and no more
	tx *sql.TxOptions
}

// What all dialects say alike.
const (
	sqlGet    = "SELECT k, v, version, deadline FROM {t} WHERE k = ? AND deadline > {now}"
	sqlFrom   = "SELECT k, v, version, deadline FROM {t} WHERE k >= ? AND deadline > {now} ORDER BY k LIMIT ?"
	sqlRange  = "SELECT k, v, version, deadline FROM {t} WHERE k >= ? AND k < ? AND deadline > {now} ORDER BY k LIMIT ?"
	sqlExpect = "SELECT k, version FROM {t} WHERE deadline > ? AND k IN "
	sqlDelete = "DELETE FROM {t} WHERE k IN "
	sqlInsert = "INSERT INTO {t} (k, v, version, deadline) VALUES "
)

// statements returns what to say in a dialect, or false if there is none.
func (d Dialect) statements() (statements, bool) {
	var s statements
	switch d {
	case PostgreSQL:
		s.schema = []string{
			"CREATE TABLE IF NOT EXISTS {t} (k BYTEA NOT NULL PRIMARY KEY, v BYTEA NOT NULL, version BIGINT NOT NULL, deadline BIGINT NOT NULL)",
			"CREATE INDEX IF NOT EXISTS {t}_deadline ON {t} (deadline)",
			"CREATE TABLE IF NOT EXISTS {t}_lanes (lane BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
			"INSERT INTO {t}_lanes (lane, n) VALUES {lanes} ON CONFLICT DO NOTHING",
		}
		// One time for the whole statement, or no index on deadlines would do.
		s.now = "CAST(FLOOR(EXTRACT(EPOCH FROM statement_timestamp()) * 1000) AS BIGINT)"
		s.claim = "UPDATE {t}_lanes SET n = n + ? WHERE lane = ? RETURNING n"
		s.upsert = " ON CONFLICT (k) DO UPDATE SET v = excluded.v, version = excluded.version, deadline = excluded.deadline"
		s.reap = "DELETE FROM {t} WHERE k = ANY(ARRAY(SELECT k FROM {t} WHERE deadline <= {now} ORDER BY deadline LIMIT {batch} FOR UPDATE SKIP LOCKED))"
		s.tx = &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	case MySQL:
		s.schema = []string{
			"CREATE TABLE IF NOT EXISTS {t} (k VARBINARY({key}) NOT NULL PRIMARY KEY, v LONGBLOB NOT NULL, version BIGINT NOT NULL, deadline BIGINT NOT NULL, INDEX {t}_deadline (deadline)) ENGINE=InnoDB",
			"CREATE TABLE IF NOT EXISTS {t}_lanes (lane BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB",
			"INSERT IGNORE INTO {t}_lanes (lane, n) VALUES {lanes}",
		}
		// Of UTC: a local time comes twice in the night when clocks are set back.
		s.now = "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000)"
		s.claim = "UPDATE {t}_lanes SET n = LAST_INSERT_ID(n + ?) WHERE lane = ?"
		s.upsert = " ON DUPLICATE KEY UPDATE v = VALUES(v), version = VALUES(version), deadline = VALUES(deadline)"
		s.reap = "DELETE FROM {t} WHERE deadline <= {now} ORDER BY deadline LIMIT {batch}"
		s.tx = &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	case SQLite:
		s.schema = []string{
			"CREATE TABLE IF NOT EXISTS {t} (k BLOB NOT NULL PRIMARY KEY, v BLOB NOT NULL, version INTEGER NOT NULL, deadline INTEGER NOT NULL)",
			"CREATE INDEX IF NOT EXISTS {t}_deadline ON {t} (deadline)",
			"CREATE TABLE IF NOT EXISTS {t}_lanes (lane INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL)",
			"INSERT OR IGNORE INTO {t}_lanes (lane, n) VALUES {lanes}",
		}
		s.now = "CAST(unixepoch('subsec') * 1000 + 0.5 AS INTEGER)"
		s.claim = "UPDATE {t}_lanes SET n = n + ? WHERE lane = ? RETURNING n"
		s.upsert = " ON CONFLICT (k) DO UPDATE SET v = excluded.v, version = excluded.version, deadline = excluded.deadline"
		s.reap = "DELETE FROM {t} WHERE k IN (SELECT k FROM {t} WHERE deadline <= {now} ORDER BY deadline LIMIT {batch})"
	default:
		return s, false
	}
	return s, true
}

// of returns the statements for a table.
func (s statements) of(table string) statements {
	fill := strings.NewReplacer(
		"{t}", table,
		"{batch}", strconv.Itoa(reapBatch),
		"{key}", strconv.Itoa(MaxKeySize),
		"{lanes}", laneRows(),
	)
	for i, statement := range s.schema {
		s.schema[i] = fill.Replace(statement)
	}
	s.claim, s.reap = fill.Replace(s.claim), fill.Replace(s.reap)
	s.get, s.from, s.between = fill.Replace(sqlGet), fill.Replace(sqlFrom), fill.Replace(sqlRange)
	s.expect, s.delete, s.insert = fill.Replace(sqlExpect), fill.Replace(sqlDelete), fill.Replace(sqlInsert)
	return s
}

// write returns a statement as it is now to be said: with the time in it, and
// arguments as the dialect marks them.
func (k *KV) write(statement string) string {
	statement = strings.ReplaceAll(statement, "{now}", k.nowSQL())
	if k.dialect != PostgreSQL {
		return statement
	}
	var numbered strings.Builder
	n := 0
	for part := range strings.SplitSeq(statement, "?") {
		if n > 0 {
			numbered.WriteByte('$')
			numbered.WriteString(strconv.Itoa(n))
		}
		numbered.WriteString(part)
		n++
	}
	return numbered.String()
}

// list returns n rows of arguments, each of so many.
func list(n, width int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", width), ", ") + ")"
	return strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
}
