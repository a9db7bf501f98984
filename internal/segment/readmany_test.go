package segment

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// TestReadValues reads records out of order, one of which is not what it
// should be: the error is about that one, and those before it have come.
func TestReadValues(t *testing.T) {
	const records = 10
	spots := func(s *Segment) (spots []Spot) {
		for i := range records {
			n := 7 * i % records
			spots = append(spots, Spot{s, HeaderSize + int64(n)*testRecord, testRecord, fmt.Sprintf("key-%d", n)})
		}
		return spots
	}
	var corrupt *CorruptError
	for _, c := range []struct {
		name   string
		bad    int // place in the order
		change func(x *Spot)
		want   any
	}{
		{"all are sound", records, nil, nil},
		{"another key", 4, func(x *Spot) { x.Key = "key-x" }, ErrOtherKey},
		{"no record there", 0, func(x *Spot) { x.Offset += record.Align }, &corrupt},
		{"a damaged value", 9, nil, &corrupt},
	} {
		for _, noMap := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, without a mapping %v", c.name, noMap), func(t *testing.T) {
				r := newRig(t, vfs.ByMapping)
				r.disk.NoMap = noMap
				require.NoError(t, r.write(records).Close())
				if c.bad < records && c.change == nil {
					at := spots(nil)[c.bad].Offset
					r.damage(func(b []byte) []byte { b[at+testRecord-12] ^= 1; return b })
				}
				s := r.reopen()
				require.Equal(t, noMap, s.mem == nil)
				wanted := spots(s)
				if c.change != nil {
					c.change(&wanted[c.bad])
				}
				got, last := 0, ""
				err := ReadValues([]byte("before "), wanted, func(dst []byte, h record.Header) {
					require.EqualValues(t, 7*got%records+1, h.Seq)
					got, last = got+1, string(dst)
				})
				switch want := c.want.(type) {
				case nil:
					require.NoError(t, err)
				case error:
					require.ErrorIs(t, err, want)
				default:
					require.ErrorAs(t, err, want)
				}
				require.Equal(t, c.bad, got)
				if got > 0 {
					require.Equal(t, "before "+strings.Repeat("eleven byte", got), last)
				}
				require.NoError(t, s.Close())
			})
		}
	}
}
