// Caches measures this module's cache beside six others and a plain LRU: hit
// ratios on recorded traces, throughput, memory, the garbage collector's work,
// and how warm a cache is after its process was killed.
//
//	go run . [-traces DIR] [ratios | speed | bound | gc | warm] ...
//
// Without an argument it does all of them. It is a module of its own, so that
// no other cache enters the root's go.sum.
package main
