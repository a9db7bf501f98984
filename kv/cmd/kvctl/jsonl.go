package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/spcent/plumego/store/kv"
)

// deadlineLayout is RFC 3339 with the store's precision.
const deadlineLayout = "2006-01-02T15:04:05.000Z07:00"

// line is one line of dump and load: an item of the store.
//
//	{"key":"session:42","value":"hello","deadline":"2026-03-14T09:26:53.000Z"}
//	{"key64":"AP8=","value64":"iVBORw0KGgo="}
//
// Bytes that are not UTF-8, or that JSON would escape at greater length
// than base64 has, go as base64. No deadline means none.
type line struct {
	encodedKey
	encodedValue
	Deadline *string `json:"deadline,omitempty"`
}

// encodedKey is a key as text, or else as base64.
type encodedKey struct {
	Key   *string `json:"key,omitempty"`
	Key64 *string `json:"key64,omitempty"`
}

// encodedValue is a value as text, or else as base64.
type encodedValue struct {
	Value   *string `json:"value,omitempty"`
	Value64 *string `json:"value64,omitempty"`
}

func asKey(key string) encodedKey {
	text, b64 := encodeBytes(key)
	return encodedKey{text, b64}
}

func asValue(value []byte) encodedValue {
	text, b64 := encodeBytes(string(value))
	return encodedValue{text, b64}
}

// encodeBytes returns data in one of the two forms, and nil for the other.
func encodeBytes(data string) (text, b64 *string) {
	if utf8.ValidString(data) && jsonLen(data) <= base64.StdEncoding.EncodedLen(len(data)) {
		return &data, nil
	}
	coded := base64.StdEncoding.EncodeToString([]byte(data))
	return nil, &coded
}

// jsonLen returns the length of text in a JSON string, never too low.
func jsonLen(text string) int {
	n := len(text)
	for _, r := range text {
		switch {
		case r == '"' || r == '\\' || r == '\n' || r == '\r' || r == '\t':
			n++
		case r < ' ':
			n += len(`\u0000`) - 1
		case r == '\u2028' || r == '\u2029':
			n += len(`\u2028`) - len("\u2028")
		}
	}
	return n
}

// toLine returns item as a line of dump.
func toLine(item kv.Item) line {
	l := line{encodedKey: asKey(item.Key), encodedValue: asValue(item.Value)}
	if !item.Deadline.IsZero() {
		text := item.Deadline.UTC().Format(deadlineLayout)
		l.Deadline = &text
	}
	return l
}

// parseLine reads one line of load. It refuses, with a badLine, what it
// would have to guess about. The item shares no memory with text.
func parseLine(text []byte) (kv.Item, error) {
	l, err := decodeLine(text)
	if err != nil {
		return kv.Item{}, err
	}
	key, err := decodeBytes(l.Key, l.Key64)
	if err != nil {
		return kv.Item{}, badLine("key: " + err.Error())
	}
	if key == "" {
		return kv.Item{}, badLine("key is empty")
	}
	value, err := decodeBytes(l.Value, l.Value64)
	if err != nil {
		return kv.Item{}, badLine("value: " + err.Error())
	}
	deadline, err := decodeDeadline(l.Deadline)
	return kv.Item{Key: key, Value: []byte(value), Deadline: deadline}, err
}

// decodeLine is the JSON half of parseLine. The errors of encoding/json are
// replaced because they quote their input.
func decodeLine(text []byte) (l line, err error) {
	if !utf8.Valid(text) {
		return l, badLine("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err = dec.Decode(&l)

	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF):
		return l, badLine("not JSON")
	case errors.As(err, &kind):
		return l, badLine("not an object of strings")
	case err != nil:
		return l, badLine("a field that is not key, key64, value, value64 or deadline")
	}
	if _, err := dec.Token(); err != io.EOF {
		return l, badLine("more than one JSON value")
	}
	return l, nil
}

// decodeBytes undoes encodeBytes.
func decodeBytes(text, b64 *string) (string, error) {
	switch {
	case text != nil && b64 != nil:
		return "", badLine("given as text and as base64")
	case text != nil:
		return *text, nil
	case b64 != nil:
		data, err := base64.StdEncoding.DecodeString(*b64)
		if err != nil {
			return "", badLine("not base64")
		}
		return string(data), nil
	}
	return "", badLine("missing")
}

// decodeDeadline returns the zero time for no deadline, and never for one.
func decodeDeadline(text *string) (time.Time, error) {
	if text == nil {
		return time.Time{}, nil
	}
	deadline, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return time.Time{}, badLine("deadline is not an RFC 3339 time")
	}
	if deadline.IsZero() {
		deadline = time.Unix(0, 0)
	}
	return deadline, nil
}
