// Package dbtest runs package db on real databases: SQLite always, PostgreSQL
// and MariaDB where the environment names them. It is a module of its own so
// that no driver enters the root's.
//
//	eval "$(bash .ci/databases start)"   starts both and names them
//
//	STORE_DBTEST_LONG=1 go test -run FileOnKV -timeout 1h .   all of file's suite
//
// A database that is not named is skipped, or, if STORE_REQUIRE_SERVICES is
// 1, fails the test.
package dbtest
