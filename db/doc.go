// Package db helps with database/sql, and keeps a store.KV in a table.
//
//	sqlDB, err := db.Open(db.DefaultConfig("postgres", dsn))
//	users, err := db.All[User](ctx, sqlDB, "SELECT id, name FROM users WHERE active = $1", true)
//	err = db.WithTransaction(ctx, sqlDB, nil, func(tx *sql.Tx) error { ... })
//
// Every helper takes what it needs and no more, so that it works on *sql.DB,
// *sql.Conn and *sql.Tx alike. The context is the caller's: nothing here adds
// a deadline to it, but for the ping of Open.
//
// Errors are *Error. Their texts hold no data source name, no argument and no
// value of a row: a driver's own text may quote them, so it is kept out, and
// with it the chain that a logger would walk. What the driver said is reached
// by asking for it: errors.Is, errors.As, SQLState and Error.Cause.
//
// The package imports no driver. A program imports the ones it uses.
package db
