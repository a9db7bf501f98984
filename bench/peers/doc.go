// Command peers measures the engine beside other embedded stores, beside a
// map behind a lock, and beside what the machine can do at all, in one run:
//
//	go run . -json run.json -md table.md -svg ../results.svg
//
// Every engine lives in a process of its own, so that no heap or collector
// disturbs another's, and all but the one that is measured are stopped. The
// engines take turns row by row, run by run; medians are reported. Package
// bench's README says what each row is and what cannot be compared.
package main
