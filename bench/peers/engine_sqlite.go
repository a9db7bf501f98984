package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqlite is one table without row numbers, so that a row lies where its key
// does, in WAL mode, mapped, with a cache for all data and statements
// prepared once. One connection writes, as SQLite has one writer anyway, and
// several read. Under synchronous=OFF a kill loses nothing.
type sqlite struct {
	readers *sql.DB
	writer  *sql.DB

	getOne, scanSome, scanNames *sql.Stmt // of readers
	put, count                  *sql.Stmt // of writer
}

const sqlReaders = 8

func openSQLite(dir string) (engine, error) {
	dsn := "file:" + filepath.Join(dir, "sqlite.db") +
		"?_pragma=journal_mode(wal)&_pragma=synchronous(off)&_pragma=busy_timeout(10000)" +
		"&_pragma=cache_size(-524288)&_pragma=mmap_size(8589934592)&_pragma=temp_store(memory)" +
		"&_pragma=wal_autocheckpoint(10000)&_txlock=immediate"
	e := &sqlite{}
	if err := e.open(dsn); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *sqlite) open(dsn string) (err error) {
	if e.writer, err = pool(dsn, 1); err != nil {
		return err
	}
	if _, err = e.writer.Exec(`CREATE TABLE IF NOT EXISTS t (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID`); err != nil {
		return err
	}
	if e.readers, err = pool(dsn, sqlReaders); err != nil {
		return err
	}
	for _, p := range []struct {
		to   **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&e.getOne, e.readers, `SELECT v FROM t WHERE k = ?`},
		{&e.scanSome, e.readers, `SELECT k, v FROM t WHERE k >= ? AND k < ? ORDER BY k LIMIT ?`},
		{&e.scanNames, e.readers, `SELECT k FROM t WHERE k >= ? AND k < ? ORDER BY k LIMIT ?`},
		{&e.put, e.writer, `INSERT INTO t (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v`},
		{&e.count, e.writer, `INSERT INTO t (k, v) VALUES (?, 1) ON CONFLICT (k) DO UPDATE SET v = v + 1 RETURNING v`},
	} {
		if *p.to, err = p.db.Prepare(p.text); err != nil {
			return err
		}
	}
	return nil
}

func pool(dsn string, size int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

func (e *sqlite) configure(m mode) error {
	text := `PRAGMA synchronous = OFF`
	if m.durable {
		text = `PRAGMA synchronous = FULL`
	}
	_, err := e.writer.Exec(text)
	return err
}

func (e *sqlite) get(key string) (value []byte, err error) {
	err = e.getOne.QueryRow(bytesOf(key)).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errAbsent
	}
	return value, err
}

func (e *sqlite) set(key string, value []byte) error {
	_, err := e.put.Exec(bytesOf(key), value)
	return err
}

func (e *sqlite) setAll(pairs []pair) error {
	tx, err := e.writer.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	put := tx.Stmt(e.put)
	for _, p := range pairs {
		if _, err := put.Exec(bytesOf(p.key), p.value); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func (e *sqlite) incr(key string) (n int64, err error) {
	err = e.count.QueryRow(bytesOf(key)).Scan(&n)
	return n, err
}

func (e *sqlite) scan(prefix string, limit int, visit func(string, []byte)) error {
	var k, v sql.RawBytes
	return e.each(e.scanSome, prefix, limit, []any{&k, &v}, func() {
		visit(stringOf(k), v)
	})
}

func (e *sqlite) scanKeys(prefix string, limit int, visit func(string)) error {
	var k sql.RawBytes
	return e.each(e.scanNames, prefix, limit, []any{&k}, func() { visit(stringOf(k)) })
}

func (e *sqlite) each(s *sql.Stmt, prefix string, limit int, into []any, do func()) error {
	rows, err := s.Query(bytesOf(prefix), []byte(upperBound(prefix)), limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		do()
	}
	return rows.Err()
}

// settle brings the log into the table.
func (e *sqlite) settle() error {
	_, err := e.writer.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}

func (e *sqlite) close() error {
	var errs []error
	for _, db := range []*sql.DB{e.readers, e.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
