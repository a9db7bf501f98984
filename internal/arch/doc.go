// Package arch holds the shape of the module: which package may import
// which, who may touch the operating system and the clock, and what no
// package may have. It consists of tests only; `go test ./internal/arch`
// names the file and line of every breach.
//
// A new package is unknown until a line in imports (table_test.go) says
// what it may import, so that growing the house is a decision and not an
// accident.
package arch
