package seglog

import "github.com/spcent/plumego/store/internal/segment"

// File returns the name of the extent's file.
func (e Extent) File() string { return segment.Name(e.id) }

// Sealed reports whether the extent is of a segment that is complete.
func (e Extent) Sealed() bool { return e.sealed }

// Created returns when the extent's segment was begun, in Unix milliseconds.
func (l *Log) Created(e Extent) int64 { return (*l.members.Load())[e.number].Created() }
