package file

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// checkPath returns ErrInvalidPath for what is no name of a file.
func checkPath(path string) error {
	if len(path) > MaxPath || path == "." || !fs.ValidPath(path) || strings.IndexByte(path, 0) >= 0 {
		return ErrInvalidPath
	}
	return nil
}

// checkPaths checks several names.
func checkPaths(paths ...string) error {
	for _, path := range paths {
		if err := checkPath(path); err != nil {
			return err
		}
	}
	return nil
}

// check returns ErrInvalidOption for options out of their bounds.
func (o PutOptions) check() error {
	switch {
	case o.TTL < 0:
		return fmt.Errorf("%w: a negative TTL", ErrInvalidOption)
	case o.Size < 0:
		return fmt.Errorf("%w: a negative size", ErrInvalidOption)
	case !isDigest(o.SHA256) && o.SHA256 != "":
		return fmt.Errorf("%w: no SHA-256 in hex", ErrInvalidOption)
	case len(o.ContentType) > MaxContentType || !isLine(o.ContentType):
		return fmt.Errorf("%w: content type", ErrInvalidOption)
	}
	return checkMetadata(o.Metadata)
}

// checkMetadata bounds metadata, and refuses keys without a text.
func checkMetadata(metadata map[string]string) error {
	size := 0
	for key, value := range metadata {
		size += len(key) + len(value)
		if key == "" || !utf8.ValidString(key) || !utf8.ValidString(value) {
			return fmt.Errorf("%w: metadata is text under keys", ErrInvalidOption)
		}
	}
	if size > MaxMetadata {
		return fmt.Errorf("%w: too much metadata", ErrInvalidOption)
	}
	return nil
}

// check returns ErrInvalidOption for options out of their bounds.
func (o ListOptions) check() error {
	if o.Limit < 0 || o.Limit > MaxPage {
		return fmt.Errorf("%w: limit", ErrInvalidOption)
	}
	return nil
}

// isDigest reports whether s is a SHA-256 in hex.
func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == digestSize
}

// isLine reports whether s is text without control characters.
func isLine(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

// all joins conditions: each must hold. Those that nothing can fulfil together
// have no name of their own, so more than one of a kind is refused.
func all(conds []Condition) (Condition, error) {
	var one Condition
	for _, c := range conds {
		if c.Match != "" && one.Match != "" || c.NoneMatch != "" && one.NoneMatch != "" {
			return one, fmt.Errorf("%w: two conditions of a kind", ErrInvalidOption)
		}
		one.Match += c.Match
		one.NoneMatch += c.NoneMatch
	}
	return one, nil
}

// judge returns what speaks against a change in the place of a file with this
// ETag; "" is no file.
func (c Condition) judge(etag string) error {
	switch {
	case c.NoneMatch == "*" && etag != "":
		return ErrExists
	case c.NoneMatch != "" && c.NoneMatch == etag,
		c.Match == "*" && etag == "",
		c.Match != "" && c.Match != "*" && c.Match != etag:
		return ErrPreconditionFailed
	}
	return nil
}

// asks reports whether c expects anything.
func (c Condition) asks() bool { return c != Condition{} }
