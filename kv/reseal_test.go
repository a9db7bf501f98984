package kv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"
)

// editManifest replaces text in a manifest and gives it a sum that holds.
func editManifest(t testing.TB, manifest []byte, from, to string) []byte {
	t.Helper()
	require.Contains(t, string(manifest), from)
	return sumManifest([]byte(strings.Replace(string(manifest), from, to, 1)))
}

// sumManifest gives a manifest, or what once was one, a sum that holds.
func sumManifest(b []byte) []byte {
	body := bytes.Clone(b)
	if i := bytes.LastIndex(body, []byte("\nsum ")); i >= 0 {
		body = body[:i+1]
	}
	return fmt.Appendf(body, "sum %016x\n", xxhash.Sum64(body))
}

// sumHeader gives the header of a segment a sum that holds.
func sumHeader(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) >= 64 {
		binary.LittleEndian.PutUint64(b[56:], xxhash.Sum64(b[:56]))
	}
	return b
}
