package keydir

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// Secret is the key of an index's hash. It is drawn anew for every index,
// since keys are chosen by attackers, and outlives it only in an image: see
// Image.
type Secret [4]uint64

// SecretSize is the length of a Secret in bytes.
const SecretSize = 32

// NewSecret draws a secret.
func NewSecret() (s Secret) {
	var b [SecretSize]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return DecodeSecret(b[:])
}

// DecodeSecret returns the secret that Append has written.
func DecodeSecret(b []byte) (s Secret) {
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return s
}

// Append appends the secret's bytes to dst.
func (s Secret) Append(dst []byte) []byte {
	for _, word := range s {
		dst = binary.LittleEndian.AppendUint64(dst, word)
	}
	return dst
}

// hashKey is the keyed hash. It is wyhash (Wang Yi), as the Go runtime uses it
// for maps where the processor has no better; the runtime's own hash cannot
// be written down, because its key never leaves the process.
func hashKey[K string | []byte](s *Secret, key K) uint64 {
	n := len(key)
	h := s[0]
	var a, b uint64
	switch {
	case n > 16:
		i := 0
		for ; n-i > 16; i += 16 {
			h = mix(load64(key, i)^s[1], load64(key, i+8)^h)
		}
		a, b = load64(key, n-16), load64(key, n-8)
	case n >= 8:
		a, b = load64(key, 0), load64(key, n-8)
	case n >= 4:
		a, b = uint64(load32(key, 0)), uint64(load32(key, n-4))
	case n > 0:
		a = uint64(key[0]) | uint64(key[n>>1])<<8 | uint64(key[n-1])<<16
	}
	return mix(uint64(n)^s[3], mix(a^s[2], b^h))
}

// mix folds the product of two numbers, so that every bit of it depends on
// every bit of both.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func load64[K string | []byte](key K, i int) uint64 {
	b := key[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

func load32[K string | []byte](key K, i int) uint32 {
	b := key[i : i+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}
