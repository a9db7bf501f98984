package db

import (
	"context"
	"database/sql"
)

// Open opens a database and reaches it once. The caller closes it.
//
// Errors are ErrInvalidConfig, ErrUnknownDriver, whose text says what to
// import, and ErrConnectionFailed.
func Open(c Config) (*sql.DB, error) { return OpenContext(context.Background(), c) }

// OpenContext is Open with a context, which counts until it returns.
func OpenContext(ctx context.Context, c Config) (*sql.DB, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := checkDriver(c.Driver); err != nil {
		return nil, err
	}
	sqlDB, err := sql.Open(c.Driver, c.DSN)
	if err != nil {
		return nil, failed(ctx, "open", ErrInvalidConfig, err)
	}
	sqlDB.SetMaxOpenConns(c.MaxOpen)
	sqlDB.SetMaxIdleConns(c.MaxIdle)
	sqlDB.SetConnMaxLifetime(c.ConnMaxLifetime)
	sqlDB.SetConnMaxIdleTime(c.ConnMaxIdleTime)

	pinging, cancel := context.WithTimeout(ctx, c.PingTimeout)
	defer cancel()
	if err := sqlDB.PingContext(pinging); err != nil {
		_ = sqlDB.Close() // nothing was done with it
		return nil, failed(pinging, "open", ErrConnectionFailed, err)
	}
	return sqlDB, nil
}
