package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/storetest"
)

func TestAStoreThatCannotClaimIsRefused(t *testing.T) {
	_, err := idempotency.Do(t.Context(), plain{}, "k", "", func(context.Context) ([]byte, error) {
		t.Error("the function was run")
		return nil, nil
	})
	require.Equal(t, idempotency.ErrClaimUnsupported, err)
}

// plain is a Store and no more.
type plain struct{ idempotency.Store }

func TestAFinalErrorIsReplayed(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		long := strings.Repeat("é", idempotency.MaxErrText)
		for key, c := range map[string]struct{ code, text, wantCode, wantText string }{
			"short": {"declined", "no money", "declined", "no money"},
			"long":  {long, "x" + long, long[:254], ("x" + long)[:idempotency.MaxErrText-1]},
		} {
			cause := fmt.Errorf("%s%w", c.text, empty{})
			_, err := s.do(t.Context(), key, returns("dropped", fmt.Errorf("%w", idempotency.Final(c.code, cause))))
			var stored *idempotency.StoredError
			require.ErrorAs(t, err, &stored)
			require.Equal(t, c.wantCode, stored.Code)
			require.Equal(t, c.wantText, err.Error())
			require.ErrorIs(t, err, cause)
			for range 2 {
				r, err := s.do(t.Context(), key, s.never)
				require.Equal(t, &idempotency.StoredError{Code: c.wantCode, Text: c.wantText}, err)
				require.True(t, r.Replayed)
				require.Nil(t, r.Response)
			}
		}
	})
}

// empty is an error without a text.
type empty struct{}

func (empty) Error() string { return "" }

// TestAReplayedErrorIsNotFinalForAnother: an operation within another has
// failed for good, which need not be the end of the outer one.
func TestAReplayedErrorIsNotFinalForAnother(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		_, err := s.do(t.Context(), "outer", func(ctx context.Context) ([]byte, error) {
			r, err := s.do(ctx, "inner", returns("", idempotency.Final("", io.EOF)))
			return r.Response, err
		})
		require.ErrorIs(t, err, io.EOF)
		s.wantFree("outer")
	})
}

func TestAnUnknownOutcomeKeepsTheKey(t *testing.T) {
	for _, once := range []bool{false, true} {
		play(t, func(t *testing.T, s *stage) {
			var list []idempotency.Option
			if once {
				list = append(list, idempotency.AtMostOnce())
			}
			_, err := s.do(t.Context(), "k", returns("", idempotency.Unknown(io.ErrUnexpectedEOF)), list...)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.ErrorIs(t, err, idempotency.ErrOutcomeUnknown)
			time.Sleep(lease - time.Nanosecond)
			s.wantInProgress("k")
			time.Sleep(time.Nanosecond)
			if !once {
				r, err := s.do(t.Context(), "k", returns("", nil))
				require.NoError(t, err)
				require.True(t, r.TakenOver)
				return
			}
			_, err = s.do(t.Context(), "k", s.never)
			require.Equal(t, idempotency.ErrOutcomeUnknown, err)
			_, err = s.do(t.Context(), "k", s.never, idempotency.Wait())
			require.Equal(t, idempotency.ErrOutcomeUnknown, err)
			require.NoError(t, s.idem.Set(t.Context(), "k", idempotency.Record{
				Status: idempotency.StatusCompleted, Fingerprint: "f", Response: []byte("looked up")}))
			s.wantReplay("k", "looked up")
		})
	}
}

func TestNoErrorIsNeitherFinalNorUnknown(t *testing.T) {
	require.NoError(t, idempotency.Final("code", nil))
	require.NoError(t, idempotency.Unknown(nil))
}

func TestAnErrorThatIsBothIsUnknown(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		both := errors.Join(idempotency.Final("", io.EOF), idempotency.Unknown(errOops))
		_, err := s.do(t.Context(), "k", returns("", both))
		require.Equal(t, both, err)
		s.wantInProgress("k")
	})
}

// TestTheHolderIsToldWhoItIs, and derives the same keys after a takeover.
func TestTheHolderIsToldWhoItIs(t *testing.T) {
	_, ok := idempotency.FromContext(t.Context())
	require.False(t, ok)
	playByHand(t, func(t *testing.T, s *stage, clock *storetest.Clock) {
		var holders []idempotency.Holder
		look := func(ctx context.Context) ([]byte, error) {
			h, ok := idempotency.FromContext(ctx)
			require.True(t, ok)
			holders = append(holders, h)
			return nil, idempotency.Unknown(errOops)
		}
		for range 2 {
			_, err := s.do(t.Context(), "k", look)
			require.ErrorIs(t, err, errOops)
			clock.Pass(lease)
		}
		first, second := holders[0], holders[1]
		require.False(t, first.TakenOver)
		require.True(t, second.TakenOver)
		require.Greater(t, second.Token, first.Token)
		require.Equal(t, first.DerivedKey("charge"), second.DerivedKey("charge"))
		require.NotEqual(t, first.DerivedKey("charge"), first.DerivedKey("refund"))
		require.NotEqual(t, first.DerivedKey("charge"), idempotency.Holder{Key: "kf"}.DerivedKey("charge"))
		require.NoError(t, idempotency.ValidateKey(first.DerivedKey("charge")))
	})
}

// TestALeaseIsExtendedAsLongAsTheWorkTakes, and no longer.
func TestALeaseIsExtendedAsLongAsTheWorkTakes(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
			time.Sleep(100 * lease)
			s.wantInProgress("k")
			return nil, idempotency.Unknown(errOops)
		})
		require.ErrorIs(t, err, errOops)
		time.Sleep(lease)
		r, err := s.do(t.Context(), "k", returns("", nil))
		require.NoError(t, err)
		require.True(t, r.TakenOver)
	})
}

func TestStatusesAndStatesHaveNames(t *testing.T) {
	require.Equal(t, "in progress completed failed Status(9)", fmt.Sprint(
		idempotency.StatusInProgress, " ", idempotency.StatusCompleted, " ", idempotency.StatusFailed, " ", idempotency.Status(9)))
	require.Equal(t, "acquired in progress ended abandoned no state", fmt.Sprint(
		idempotency.Acquired, " ", idempotency.InProgress, " ", idempotency.Ended, " ", idempotency.Abandoned, " ", idempotency.State(0)))
}
