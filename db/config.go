package db

import (
	"fmt"
	"math"
	"time"
)

// Config says how to reach a database and how many connections to keep.
// Printing, logging or marshalling it shows no data source name.
type Config struct {
	// Driver is the name that the driver has registered: "postgres", "pgx",
	// "mysql", "sqlite".
	Driver string
	// DSN is the data source name, in the driver's own form. It must not be
	// empty.
	DSN string

	// MaxOpen bounds the connections in use and idle together. 0 is 25;
	// NoLimit is none.
	MaxOpen int
	// MaxIdle bounds the idle ones. 0 is as many as MaxOpen: closing
	// connections only to open them again is what costs. Below 0: none.
	MaxIdle int
	// ConnMaxLifetime is how old a connection may grow. 0 is for ever.
	ConnMaxLifetime time.Duration
	// ConnMaxIdleTime is how long one may be idle. 0 is for ever.
	ConnMaxIdleTime time.Duration
	// PingTimeout is how long Open tries to reach the database. 0 is 5 s.
	PingTimeout time.Duration
}

// NoLimit for MaxOpen lets the number of connections grow without a bound.
const NoLimit = math.MaxInt

const (
	defaultMaxOpen     = 25
	defaultPingTimeout = 5 * time.Second
)

// DefaultConfig returns a Config with 25 connections, renewed after half an
// hour and closed after five idle minutes.
func DefaultConfig(driver, dsn string) Config {
	return Config{
		Driver:          driver,
		DSN:             dsn,
		MaxOpen:         defaultMaxOpen,
		MaxIdle:         defaultMaxOpen,
		ConnMaxLifetime: 30 * time.Minute,
		ConnMaxIdleTime: 5 * time.Minute,
		PingTimeout:     defaultPingTimeout,
	}
}

// withDefaults returns the config with its zeros replaced, once it is valid.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Driver == "":
		return c, fmt.Errorf("%w: Driver is empty", ErrInvalidConfig)
	case c.DSN == "":
		return c, fmt.Errorf("%w: DSN is empty", ErrInvalidConfig)
	case c.MaxOpen < 0, c.ConnMaxLifetime < 0, c.ConnMaxIdleTime < 0, c.PingTimeout < 0:
		return c, fmt.Errorf("%w: a limit is below 0", ErrInvalidConfig)
	}
	if c.MaxOpen == 0 {
		c.MaxOpen = defaultMaxOpen
	}
	if c.MaxIdle == 0 {
		c.MaxIdle = c.MaxOpen
	}
	if c.PingTimeout == 0 {
		c.PingTimeout = defaultPingTimeout
	}
	return c, nil
}

// String returns the config without the data source name.
func (c Config) String() string {
	return fmt.Sprintf("db.Config{Driver: %q, MaxOpen: %d, MaxIdle: %d}", printable(c.Driver), c.MaxOpen, c.MaxIdle)
}

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

// MarshalText is String, for log/slog and encoding/json.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// printable returns a driver's name if it looks like one. What does not may
// be a data source name in the wrong place.
func printable(driver string) string {
	const longest = 32
	if len(driver) > longest {
		return "?"
	}
	for _, c := range []byte(driver) {
		if !isWord(c) && c != '-' && c != '.' && c != '/' {
			return "?"
		}
	}
	return driver
}

// isWord reports whether a byte may stand in an identifier.
func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
