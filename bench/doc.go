// Package bench measures the engine beside what one would write by hand: a
// Go map behind an RWMutex, and a bare append to a file. It holds
// benchmarks only; README.md says how to run them and what each is.
package bench
