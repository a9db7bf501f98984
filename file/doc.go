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
// Storage is the interface. NewKVStorage keeps all in a store.KV, and is the
// choice for many small files and for files that belong to the state beside
// them. FS shows a storage as an io/fs.FS, and Verify reads a body and compares
// it with its ETag.
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
// A storage finds out that a body was damaged as far as what it stands on does.
// A KVStorage notices what is missing or has a wrong length, and package kv
// checks every byte that it reads; a table of an SQL database may not. Verify
// compares with the ETag.
//
// No error text contains a name, nor anything else that was stored; an Error
// has the name in a field.
package file
