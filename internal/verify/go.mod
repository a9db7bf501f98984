module github.com/spcent/plumego/store/internal/verify

go 1.25.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/spcent/plumego/store v0.0.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/google/btree v1.1.3 // indirect
)

replace github.com/spcent/plumego/store => ../..
