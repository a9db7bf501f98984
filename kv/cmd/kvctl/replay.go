package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spcent/plumego/store/kv"
)

func (r *replay) run(in io.Reader) (exit, error) {
	started := time.Now()
	inputErr, err := r.write(in)
	if err != nil {
		return exitError, err
	}
	took := time.Since(started)
	if err := r.call.interrupted(); err != nil {
		return exitError, err
	}

	disk, err := r.readBack()
	if err != nil {
		return exitError, err
	}
	if err := r.result(disk, took).print(r.call); err != nil {
		return exitError, err
	}
	if inputErr != nil {
		return exitError, fmt.Errorf("reading %s after line %d: %w", inputName(r.file), r.tally.lines, inputErr)
	}
	if n := r.wrong(); n > 0 {
		return exitError, fmt.Errorf("read back wrong: %d", n)
	}
	return exitOK, nil
}

// write lives through the log with a new store and closes it. It keeps an
// error of the input apart, since what was read until then is still worth
// its report.
func (r *replay) write(in io.Reader) (inputErr, err error) {
	s, err := r.call.open(kv.Options{DataDir: r.dir, Sync: r.sync, Now: r.clock.now})
	if err != nil {
		return nil, err
	}
	inputErr, err = r.requests(in, &app{store: s, now: r.clock.now, ttl: r.ttl})
	return inputErr, errors.Join(err, s.Close())
}

// requests hands each line to the application, until the end of the log or
// an interrupt.
func (r *replay) requests(in io.Reader, a *app) (inputErr, err error) {
	p := r.call.newProgress("lines")
	defer p.done()
	lines := newLineReader(in, maxLogLine)
	for r.call.interrupted() == nil {
		line, err := lines.next()
		if err == io.EOF {
			return nil, nil
		}
		r.tally.lines = lines.lines
		var entry logEntry
		if err == nil {
			entry, err = parseLogLine(line)
		}
		var reason badLine
		switch {
		case errors.As(err, &reason):
			r.tally.malformed.add(lines.lines, reason)
		case err != nil:
			return err, nil
		default:
			if err := r.request(a, entry); err != nil {
				return nil, err
			}
		}
		p.step(lines.lines, lines.bytes)
	}
	return nil, nil
}

// request lets the application serve one request and checks its answers
// against the model's.
func (r *replay) request(a *app, e logEntry) error {
	client := string(e.client)
	late := r.clock.reach(e.time)
	begun, err := a.visit(client)
	if err != nil {
		return err
	}
	n, err := a.count(client, e.time)
	if err != nil {
		return err
	}

	if begun {
		r.tally.begun++
	}
	r.tally.add(client, e.time, late, n, r.limit)
	if r.tally.requests%sweepEvery == 0 {
		a.sweep()
	}
	if wantBegun, want := r.model.request(client, e.time); begun != wantBegun || n != want {
		r.tally.wrong++
	}
	return nil
}

// readBack opens the closed store again and compares it with the model.
func (r *replay) readBack() (bytes int64, err error) {
	s, err := r.call.open(kv.Options{DataDir: r.dir, ReadOnly: true, Now: r.clock.now})
	if err != nil {
		return 0, err
	}
	r.found, err = compare(s, r.model)
	return s.Stats().DiskBytes, errors.Join(err, s.Close())
}

// wrong is the number of differences between the store and the model, on
// the way and at the end.
func (r *replay) wrong() int64 { return r.tally.wrong + r.found.wrong() }
