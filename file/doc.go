// Package file keeps bodies of any size under names, with what is known of
// them: size, content type, a few words of metadata, when they expire, and the
// SHA-256 of their bytes as ETag.
//
//	files, err := file.NewKVStorage(kv.KV(), file.KVOptions{})
//	stat, err := files.Put(ctx, "photos/cat.jpg", body, file.PutOptions{})
//	f, err := files.Get(ctx, "photos/cat.jpg")
//	defer f.Close()
//	http.ServeContent(w, r, f.Stat().Path, f.Stat().Modified, f)
//
// Storage is the interface, and package filetest its contract as tests.
// NewKVStorage keeps all in a store.KV, and is the choice for many small files
// and for files that belong to the state beside them. NewDirStorage keeps plain
// files in a directory, and is the choice for bodies of about 1 MiB and more: an
// engine writes them at least twice. FS shows a storage as an io/fs.FS, and
// Verify reads a body and compares it with its ETag.
//
// # Promised
//
// A Put, Copy, Move or Delete is seen whole or not at all: by every reader, and
// after a crash. Whoever has opened a file reads the body that he has opened to
// its end, whatever becomes of the name. Expectations (IfMatch, IfNoneMatch)
// are judged in the step that makes the change, not before. A body is never in
// memory as a whole, unless it is small.
//
// # Not promised
//
// What is known of a file is checked whenever it is read. The bytes of a body are
// not: a storage notices what is missing or has the wrong length, and other bytes
// as far as what it stands on does. Package kv checks every byte that it reads; a
// directory, and a table of an SQL database, do not. Verify, Copy and a Put with
// PutOptions.SHA256 compare with the ETag.
//
// Removing what crashes and expiry leave behind is the caller's to ask for, by
// GC. Until then it takes room, and nothing else.
//
// No error text contains a name, nor anything else that was stored; an Error
// has the name in a field.
package file
