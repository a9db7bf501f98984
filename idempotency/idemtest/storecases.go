package idemtest

import (
	"context"
	"strings"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
)

func storeCases() map[string]func(*bench) {
	return map[string]func(*bench){
		"a missing record is ErrNotFound":               missingIsNotFound,
		"what was set is got":                           setIsGot,
		"status and response are enough":                littleIsEnough,
		"the last record set counts":                    lastCounts,
		"nil, empty and great responses are told apart": responsesAreTold,
		"changing a response changes nothing kept":      responsesAreCopies,
		"an expired record is missing":                  expiredIsMissing,
		"an expiry that has come is no eternity":        pastIsNoEternity,
		"keys are UTF-8 without control characters":     keysAreText,
		"a record out of bounds is refused":             boundsAreKept,
		"a done context stops every call":               doneContextStops,
	}
}

func completed(response string) idempotency.Record {
	return idempotency.Record{Status: idempotency.StatusCompleted, Response: []byte(response)}
}

func missingIsNotFound(b *bench) {
	b.set("key", completed(""))
	for _, key := range []string{"ke", "key1", "KEY", "k"} {
		b.wantMissing(key)
	}
	_, err := b.Get(context.Background(), "nobody")
	wantErr(b.T, "Get", err, store.ErrNotFound)
}

func setIsGot(b *bench) {
	now := b.clock.Now().UTC()
	want := idempotency.Record{
		Key:         "k",
		Fingerprint: "\x00\xff bytes",
		Status:      idempotency.StatusFailed,
		Response:    []byte("response"),
		ErrCode:     "declined",
		ErrText:     "card was declined",
		CreatedAt:   now.Add(-time.Minute - 1),
		LeaseUntil:  now.Add(-time.Second - 1),
		CompletedAt: now.Add(-1),
		ExpiresAt:   now.Add(time.Hour),
		Retention:   time.Hour + 1,
		AtMostOnce:  true,
		TakenOver:   true,
	}
	b.set("k", want)
	got := b.get("k")
	if got.Token == 0 {
		b.Fatal("the record has no token")
	}
	wantTime(b.T, "ExpiresAt", got.ExpiresAt, want.ExpiresAt)
	wantTime(b.T, "CreatedAt", got.CreatedAt, want.CreatedAt)
	wantTime(b.T, "LeaseUntil", got.LeaseUntil, want.LeaseUntil)
	wantTime(b.T, "CompletedAt", got.CompletedAt, want.CompletedAt)
	got.ExpiresAt, got.CreatedAt, got.LeaseUntil, got.CompletedAt = want.ExpiresAt, want.CreatedAt, want.LeaseUntil, want.CompletedAt
	got.Token = 0
	wantSame(b.T, "Get", got, want)
}

func littleIsEnough(b *bench) {
	b.set("k", completed("response"))
	got := b.get("k")
	wantSame(b.T, "Response", string(got.Response), "response")
	wantSame(b.T, "Status", got.Status, idempotency.StatusCompleted)
	wantSame(b.T, "Key", got.Key, "k")
	wantTime(b.T, "CreatedAt", got.CreatedAt, b.clock.Now())
	wantTime(b.T, "CompletedAt", got.CompletedAt, b.clock.Now())
	if !got.ExpiresAt.After(b.clock.Now()) {
		b.Fatalf("it expires at %v", got.ExpiresAt)
	}
}

func lastCounts(b *bench) {
	b.set("k", completed("1"))
	first := b.get("k").Token
	b.set("k", completed("2"))
	got := b.get("k")
	wantSame(b.T, "Response", string(got.Response), "2")
	if got.Token <= first {
		b.Fatalf("token %d comes after %d", got.Token, first)
	}
}

func responsesAreTold(b *bench) {
	for _, response := range [][]byte{nil, {}, {0}, []byte(strings.Repeat("x", 1<<16))} {
		b.set("k", idempotency.Record{Status: idempotency.StatusCompleted, Response: response})
		wantSame(b.T, "Response", b.get("k").Response, response)
	}
}

func responsesAreCopies(b *bench) {
	response := []byte("response")
	b.set("k", idempotency.Record{Status: idempotency.StatusCompleted, Response: response})
	response[0] = 'X'
	got := b.get("k").Response
	wantSame(b.T, "Response", string(got), "response")
	got[0] = 'X'
	_ = append(got, "more"...)
	wantSame(b.T, "Response", string(b.get("k").Response), "response")
}

func expiredIsMissing(b *bench) {
	r := completed("")
	r.Retention = time.Second
	b.set("retention", r)
	r.Retention, r.ExpiresAt = 0, b.clock.In(time.Second)
	b.set("expiry", r)
	b.clock.Pass(time.Second - time.Millisecond)
	b.get("retention")
	b.get("expiry")
	b.clock.Pass(time.Millisecond)
	b.wantMissing("retention")
	b.wantMissing("expiry")
}

func pastIsNoEternity(b *bench) {
	for _, d := range []time.Duration{0, -1, -time.Hour} {
		b.set("k", completed("1"))
		r := completed("2")
		r.ExpiresAt = b.clock.In(d)
		b.set("k", r)
		b.wantMissing("k")
	}
	r := completed("3")
	r.Retention = 1
	b.set("k", r)
	b.clock.Pass(time.Millisecond)
	b.wantMissing("k")
}

func keysAreText(b *bench) {
	bad := []string{"", strings.Repeat("k", idempotency.MaxKey+1), "\xff", "a\x00", "a\nb", "\x7f", "\u0085"}
	for _, key := range bad {
		b.refuse(idempotency.ErrInvalidKey, key, completed(""))
		_, err := b.Get(context.Background(), key)
		wantErr(b.T, "Get", err, idempotency.ErrInvalidKey)
	}
	good := []string{" ", "a|b", "a:b", "a/b", "é", "日本", "%", strings.Repeat("k", idempotency.MaxKey)}
	for _, key := range good {
		b.set(key, completed(key))
	}
	for _, key := range good {
		wantSame(b.T, "Response", string(b.get(key).Response), key)
	}
}

func boundsAreKept(b *bench) {
	for _, edit := range []func(r *idempotency.Record){
		func(r *idempotency.Record) { r.Status = 0 },
		func(r *idempotency.Record) { r.Status = idempotency.StatusFailed + 1 },
		func(r *idempotency.Record) { r.Retention = -1 },
		func(r *idempotency.Record) { r.Retention = idempotency.MaxDuration + 1 },
		func(r *idempotency.Record) { r.Fingerprint = strings.Repeat("f", idempotency.MaxFingerprint+1) },
		func(r *idempotency.Record) { r.ErrCode = strings.Repeat("c", idempotency.MaxErrCode+1) },
		func(r *idempotency.Record) { r.ErrText = strings.Repeat("t", idempotency.MaxErrText+1) },
		func(r *idempotency.Record) { r.Key = "another" },
	} {
		r := completed("")
		edit(&r)
		b.refuse(store.ErrInvalid, "k", r)
		b.wantMissing("k")
	}
}

func doneContextStops(b *bench) {
	b.set("k", completed("1"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := b.Get(ctx, "k")
	wantErr(b.T, "Get", err, context.Canceled)
	wantErr(b.T, "Set", b.Set(ctx, "k", completed("2")), context.Canceled)
	wantSame(b.T, "Response", string(b.get("k").Response), "1")
}
