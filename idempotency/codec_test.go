package idempotency

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func sample() Record {
	return Record{
		Fingerprint: "finger",
		Status:      StatusFailed,
		Token:       1<<63 + 1,
		Response:    []byte("response"),
		ErrCode:     "code",
		ErrText:     "text",
		CreatedAt:   time.Unix(1, 2).UTC(),
		LeaseUntil:  time.Unix(-1, 999_999_999).UTC(),
		CompletedAt: time.Time{},
		Retention:   MaxDuration,
		AtMostOnce:  true,
		TakenOver:   true,
	}
}

// TestCodecGolden holds the bytes to what is on disks.
func TestCodecGolden(t *testing.T) {
	want := "\x01\x03\x03" +
		"\x80\x00\x00\x00\x00\x00\x00\x01" + "\x2b\xc3\xd6\x7d\xd3\xac\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02" +
		"\xff\xff\xff\xff\xff\xff\xff\xff\x3b\x9a\xc9\xff" +
		"\xff\xff\xff\xf1\x88\x6e\x09\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x06finger" + "\x00\x00\x00\x04code" + "\x00\x00\x00\x04text" + "\x00\x00\x00\x08response"
	require.Equal(t, []byte(want), encode(sample()))
	got, err := decode([]byte(want))
	require.NoError(t, err)
	require.Equal(t, sample(), got)
}

// TestCodecRefuses every prefix of a record, and what is too much in one.
func TestCodecRefuses(t *testing.T) {
	whole := encode(sample())
	for n := range whole {
		_, err := decode(whole[:n])
		require.ErrorIs(t, err, ErrCorrupt, "the first %d bytes", n)
	}
	for name, edit := range map[string]func(b []byte) []byte{
		"a byte more":         func(b []byte) []byte { return append(b, 0) },
		"another version":     func(b []byte) []byte { b[0] = 2; return b },
		"no status":           func(b []byte) []byte { b[1] = 0; return b },
		"an unknown status":   func(b []byte) []byte { b[1] = 4; return b },
		"an unknown flag":     func(b []byte) []byte { b[2] = 4; return b },
		"a negative time":     func(b []byte) []byte { b[11] = 0xff; return b },
		"a nanosecond more":   func(b []byte) []byte { b[27] = 0xff; return b },
		"a text of 4 GiB":     func(b []byte) []byte { b[headerSize] = 0xff; return b },
		"a response of 4 GiB": func(b []byte) []byte { b[len(b)-12] = 0xff; return b },
	} {
		_, err := decode(edit(bytes.Clone(whole)))
		require.ErrorIs(t, err, ErrCorrupt, name)
	}
}

// FuzzCodec looks for bytes that are taken for a record and are not the bytes
// of that record.
func FuzzCodec(f *testing.F) {
	f.Add(encode(sample()))
	f.Add(encode(Record{Status: StatusInProgress}))
	f.Add(encode(Record{Status: StatusCompleted, Response: []byte{}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decode(b)
		if err != nil {
			require.Equal(t, ErrCorrupt, err)
			require.Equal(t, Record{}, r)
			return
		}
		require.Equal(t, b, encode(r))
		again, err := decode(encode(r))
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}
