package db

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// known are drivers people use, in the order in which a hint tries them.
func known() []struct{ name, imports string } {
	return []struct{ name, imports string }{
		{"postgres", "github.com/lib/pq"},
		{"pgx", "github.com/jackc/pgx/v5/stdlib"},
		{"mysql", "github.com/go-sql-driver/mysql"},
		{"sqlite", "modernc.org/sqlite"},
		{"sqlite3", "github.com/mattn/go-sqlite3"},
	}
}

// kin are names that stand for the same database.
func kin() [][]string {
	return [][]string{{"postgres", "pgx"}, {"sqlite", "sqlite3"}}
}

// checkDriver returns ErrUnknownDriver, with what to do about it, if nobody
// has registered a driver of that name. It is not guessed which other was
// meant: drivers differ in their data source names and placeholders.
func checkDriver(name string) error {
	registered := sql.Drivers()
	if slices.Contains(registered, name) {
		return nil
	}
	var advice []string
	for _, d := range known() {
		if d.name == name {
			advice = append(advice, fmt.Sprintf("import _ %q", d.imports))
		}
	}
	for _, family := range kin() {
		for _, other := range family {
			if slices.Contains(family, name) && slices.Contains(registered, other) {
				advice = append(advice, fmt.Sprintf("or use DefaultConfig(%q, dsn), which is registered", other))
			}
		}
	}
	text := "registered are: " + strings.Join(registered, ", ")
	if len(registered) == 0 {
		text = "none is registered"
	}
	if len(advice) > 0 {
		text = strings.Join(advice, ", ") + "; " + text
	}
	return fmt.Errorf("%w %q: %s", ErrUnknownDriver, printable(name), text)
}
