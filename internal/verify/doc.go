// Package verify holds the store to its promises from outside: its tests use
// nothing but what package kv exports, and judge what they see by a model
// that is too simple to be wrong. It is a module of its own, so that what it
// needs for that enters no other module's go.mod.
//
//	model          random operations beside a plain map, one by one
//	metamorphic    one list of operations under twelve sets of options
//	linear         histories of concurrent callers, also across SIGKILL
//	bank           a total that every transaction keeps, seen from all sides
//	counters       every count counts once, also across SIGKILL
//	windows        a counter that begins anew on time
//	soak           a working day in small: does anything grow?
//	live copy      the directory copied file by file under a writer
//
// Power loss and failing disks are the matter of package kv's own tests,
// which can put a disk of their own below the store. Here a crash is the
// death of a process: a copy of the directory, taken between two operations,
// has what the kernel would have kept of it; and where that is not proof
// enough, a child process is killed.
//
// README.md says how to run each suite for longer and what its counts mean.
package verify
