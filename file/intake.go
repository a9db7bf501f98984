package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strings"
)

// sniffed is from how many bytes a content type is told.
const sniffed = 512

// intake reads a body, and notes what is to be known of it.
type intake struct {
	opts    PutOptions
	maxSize int64 // 0: no bound
	ctx     context.Context
	body    io.Reader

	ended bool
	size  int64
	hash  hash.Hash
	start []byte // of the body, to tell the content type from
}

func newIntake(opts PutOptions, maxSize int64) *intake {
	return &intake{opts: opts, maxSize: maxSize, hash: sha256.New()}
}

// from sets what is read.
func (in *intake) from(ctx context.Context, body io.Reader) {
	in.ctx, in.body = ctx, body
}

// head reads more than size bytes of the body, at most size+1, or all of it if
// it is not longer. Memory grows with what is there.
func (in *intake) head(size int) ([]byte, error) {
	buf := make([]byte, min(max(int(min(in.opts.Size, int64(size))), sniffed)+1, size+1))
	n := 0
	for {
		more, err := in.fill(buf[n:])
		n += more
		if err != nil || n < len(buf) || n == size+1 {
			return buf[:n], err
		}
		grown := make([]byte, min(4*len(buf), size+1))
		copy(grown, buf)
		buf = grown
	}
}

// fill reads until buf is full or the body ends.
func (in *intake) fill(buf []byte) (n int, err error) {
	for idle := 0; n < len(buf) && !in.ended; idle++ {
		if err := in.ctx.Err(); err != nil {
			return n, err
		}
		more, err := in.body.Read(buf[n:])
		if n += more; more > 0 {
			idle = 0
		}
		switch {
		case err == io.EOF:
			in.ended = true
		case err != nil:
			return n, err
		case idle >= mostIdle:
			return n, io.ErrNoProgress
		}
	}
	return n, in.note(buf[:n])
}

// mostIdle is how often in a row a reader may return nothing.
const mostIdle = 100

// note looks at what was read.
func (in *intake) note(b []byte) error {
	in.size += int64(len(b))
	switch {
	case in.maxSize > 0 && in.size > in.maxSize:
		return ErrTooLarge
	case in.opts.Size > 0 && in.size > in.opts.Size:
		return ErrInvalidSize
	}
	in.start = append(in.start, b[:min(len(b), sniffed-len(in.start))]...)
	_, err := in.hash.Write(b)
	return err
}

// judge returns what is wrong with the body as a whole.
func (in *intake) judge() error {
	if in.opts.Size > 0 && in.size != in.opts.Size {
		return ErrInvalidSize
	}
	digest := in.digest()
	if in.opts.SHA256 != "" && !strings.EqualFold(in.opts.SHA256, hex.EncodeToString(digest[:])) {
		return ErrChecksum
	}
	return nil
}

func (in *intake) digest() (d [digestSize]byte) {
	in.hash.Sum(d[:0])
	return d
}

func (in *intake) contentType() string {
	if in.opts.ContentType != "" {
		return in.opts.ContentType
	}
	return http.DetectContentType(in.start)
}
