package idempotency

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// JoinKey makes one key of several parts, such as a tenant, a method and what
// the client sent, so that no two lists of parts make the same key. Clients
// choose keys freely, so a key that does not begin with who they are lets one
// see another's responses. The sum of the parts must stay within MaxKey, or be
// made a key by Fingerprint.
func JoinKey(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = strings.NewReplacer("%", "%25", "|", "%7C").Replace(part)
	}
	return strings.Join(escaped, "|")
}

// Fingerprint makes one of the parts of a request that must be the same if it
// comes again, such as its path and its body: SHA-256 in hex over the parts
// and their lengths.
func Fingerprint(parts ...[]byte) string {
	h := sha256.New()
	for _, part := range parts {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}
