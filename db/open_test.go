package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
)

// registered are fakes under names; a name is for ever.
var registered = sync.OnceValue(func() *fake {
	f := &fake{fail: map[string]error{}}
	sql.Register("dbfake", fakeDriver{f})
	sql.Register("pgx", fakeDriver{f})
	return f
})

const dsn = "postgres://root:" + secret + "@db.example/app"

func TestOpen(t *testing.T) {
	registered()
	sqlDB, err := Open(DefaultConfig("dbfake", dsn))
	require.NoError(t, err)
	require.Equal(t, 25, sqlDB.Stats().MaxOpenConnections)
	require.NoError(t, sqlDB.Close())

	sqlDB, err = Open(Config{Driver: "dbfake", DSN: dsn, MaxOpen: 3, MaxIdle: 1})
	require.NoError(t, err)
	require.Equal(t, 3, sqlDB.Stats().MaxOpenConnections)
	require.NoError(t, sqlDB.Close())
}

func TestAnUnknownDriverNamesTheImport(t *testing.T) {
	registered()
	_, err := Open(DefaultConfig("postgres", dsn))
	require.ErrorIs(t, err, ErrUnknownDriver)
	require.ErrorIs(t, err, store.ErrInvalid)
	require.EqualError(t, err, `db: unknown driver "postgres": import _ "github.com/lib/pq", or use DefaultConfig("pgx", dsn), which is registered; registered are: dbfake, pgx`)
	_, err = Open(DefaultConfig("oracle", dsn))
	require.EqualError(t, err, `db: unknown driver "oracle": registered are: dbfake, pgx`)
	_, err = Open(DefaultConfig(dsn, "postgres")) // the wrong way round
	require.ErrorIs(t, err, ErrUnknownDriver)
	require.NotContains(t, err.Error(), secret)
}

func TestAConfigOutOfRangeIsRefused(t *testing.T) {
	for _, c := range []Config{
		{}, {Driver: "dbfake"}, {DSN: dsn},
		{Driver: "dbfake", DSN: dsn, MaxOpen: -1},
		{Driver: "dbfake", DSN: dsn, ConnMaxLifetime: -1},
		{Driver: "dbfake", DSN: dsn, PingTimeout: -1},
	} {
		_, err := Open(c)
		require.ErrorIs(t, err, ErrInvalidConfig)
		require.ErrorIs(t, err, store.ErrInvalid)
	}
}

func TestNoDSNIsShown(t *testing.T) {
	f := registered()
	_, leak := url.Parse(strings.Replace(dsn, "/app", ":port/app", 1))
	f.mu.Lock()
	f.fail["CONNECT"] = fmt.Errorf("cannot parse %s: %w", dsn, leak)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.fail, "CONNECT")
	}()
	c := DefaultConfig("dbfake", dsn)
	_, err := Open(c)
	require.ErrorIs(t, err, ErrConnectionFailed)
	var parse *url.Error
	require.ErrorAs(t, err, &parse, "who asks for the driver's error gets it")

	asJSON, jsonErr := json.Marshal(map[string]any{"config": c})
	require.NoError(t, jsonErr)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("opening", "config", c, "pointer", &c, "err", err)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("opening", "config", c, "pointer", &c, "err", err)
	for _, text := range []string{
		err.Error(), fmt.Sprintf("%v %+v %#v %s", c, c, c, c), fmt.Sprintf("%v %+v", &c, err), string(asJSON), logged.String(),
	} {
		require.NotContains(t, text, secret)
		require.NotContains(t, text, "db.example")
	}
}

func TestOpenHearsTheContext(t *testing.T) {
	registered()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := OpenContext(ctx, DefaultConfig("dbfake", dsn))
	require.ErrorIs(t, err, context.Canceled)
}
