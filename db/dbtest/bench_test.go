package dbtest

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/db"
)

const benchRows = 100_000

// BenchmarkMapping reads 100,000 rows by All and by hand, in turns, and reports
// the least time of each and how many times the other's it is.
//
//	go test -run '^$' -bench Mapping -benchtime 10x .
func BenchmarkMapping(b *testing.B) {
	for _, base := range bases() {
		b.Run(strings.ReplaceAll(base.name, " ", "_"), func(b *testing.B) {
			sqlDB := base.open(b)
			table := base.table(b, sqlDB, "id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL, mail VARCHAR(40), photo BYTES, active BOOLEAN NOT NULL, balance DOUBLE PRECISION NOT NULL")
			fill(b, base, sqlDB, table)
			query := "SELECT id, name, mail, photo, active, balance FROM " + table
			least := func(old time.Duration, read func(testing.TB, *sql.DB, string) []user) time.Duration {
				start := time.Now()
				require.Len(b, read(b, sqlDB, query), benchRows)
				return min(old, time.Since(start))
			}
			mapped, scanned := time.Hour, time.Hour
			for b.Loop() {
				scanned = least(scanned, byHand)
				mapped = least(mapped, byAll)
			}
			b.ReportMetric(0, "ns/op") // of both together, which says nothing
			b.ReportMetric(float64(mapped.Milliseconds()), "ms-All")
			b.ReportMetric(float64(scanned.Milliseconds()), "ms-Scan")
			b.ReportMetric(float64(mapped)/float64(scanned), "All/Scan")
		})
	}
}

func fill(b *testing.B, base base, sqlDB *sql.DB, table string) {
	const part = 1000
	mail, photo := "somebody@example.org", noise(16)
	for at := 0; at < benchRows; at += part {
		var args []any
		for id := at; id < at+part; id++ {
			args = append(args, id, "somebody", mail, photo, id%2 == 0, 1.5)
		}
		base.exec(b, sqlDB, "INSERT INTO "+table+" VALUES "+strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?), ", part), ", "), args...)
	}
}

func byAll(t testing.TB, sqlDB *sql.DB, query string) []user {
	all, err := db.All[user](t.Context(), sqlDB, query)
	require.NoError(t, err)
	return all
}

func byHand(t testing.TB, sqlDB *sql.DB, query string) []user {
	rows, err := sqlDB.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	all := []user{}
	for rows.Next() {
		var u user
		if err := rows.Scan(&u.ID, &u.Name, &u.Mail, &u.Photo, &u.Active, &u.Balance); err != nil {
			t.Fatal(err)
		}
		all = append(all, u)
	}
	require.NoError(t, rows.Err())
	return all
}
