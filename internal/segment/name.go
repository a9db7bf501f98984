package segment

import (
	"strconv"
	"strings"
)

// The names in a store's directory. Every one is made and parsed here.
const (
	// ManifestName is the list of segments; see package seglog.
	ManifestName = "MANIFEST"
	// ManifestTemp is the next manifest before it replaces the last.
	ManifestTemp = "MANIFEST.tmp"
	// LockName is the file whose lock admits one process. Never removed.
	LockName = "LOCK"
	// IndexName is the image of the index that a clean Close leaves; see
	// package seglog.
	IndexName = "INDEX"

	suffix     = ".seg"
	hintSuffix = ".hint"
	digits     = 16
)

// Name returns the file name of a segment: 16 hex digits and ".seg", so that
// names sort as numbers do.
func Name(id uint64) string { return numbered(id, suffix) }

// HintName returns the file name of a segment's hint.
func HintName(id uint64) string { return numbered(id, hintSuffix) }

func numbered(id uint64, suffix string) string {
	hex := strconv.FormatUint(id, 16)
	return strings.Repeat("0", digits-len(hex)) + hex + suffix
}

// ParseName returns the number in a segment's file name. Only what Name can
// have made is a segment's name.
func ParseName(name string) (id uint64, ok bool) { return parseNumbered(name, suffix) }

// ParseHintName returns the number in the file name of a segment's hint.
func ParseHintName(name string) (id uint64, ok bool) { return parseNumbered(name, hintSuffix) }

func parseNumbered(name, suffix string) (id uint64, ok bool) {
	hex, found := strings.CutSuffix(name, suffix)
	if !found || len(hex) != digits {
		return 0, false
	}
	id, err := strconv.ParseUint(hex, 16, 64)
	return id, err == nil && numbered(id, suffix) == name
}
