package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
)

// withInput lets use read the file of that name, or standard input for "-".
// Gzip is recognised by its first bytes and unpacked.
func (c *call) withInput(name string, use func(io.Reader) (exit, error)) (exit, error) {
	in := c.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return exitError, err
		}
		defer f.Close() // Only read from: there is nothing to lose.
		in = f
	}
	plain, err := unpacked(in)
	if err != nil {
		return exitError, fmt.Errorf("reading %s: %w", inputName(name), err)
	}
	return use(plain)
}

// unpacked returns r, or what it holds if that is gzip.
func unpacked(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	magic, err := buffered.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if string(magic) != "\x1f\x8b" {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// inputName returns what to call an input in a message.
func inputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}
