package file

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

// copyFile is Copy for a storage that opens files and puts them like that.
func copyFile(
	ctx context.Context, from, to string, conds []Condition,
	open func(ctx context.Context, path string) (*openFile, error),
	put func(f *openFile, opts PutOptions) (FileStat, error),
) (FileStat, error) {
	cond, err := all(conds)
	if err == nil {
		err = checkPaths(from, to)
	}
	if err != nil {
		return FileStat{}, failed("copy", from, err)
	}
	f, err := open(ctx, from)
	if err != nil {
		return FileStat{}, failed("copy", from, err)
	}
	defer f.Close()
	stat, err := put(f, copyOptions(f.stat, cond))
	return stat, failed("copy", to, asCorrupt(err))
}

// copyOptions are those that put a file of which that is known once more.
func copyOptions(stat FileStat, cond Condition) PutOptions {
	return PutOptions{
		ContentType: stat.ContentType,
		Metadata:    maps.Clone(stat.Metadata),
		Size:        stat.Size,
		SHA256:      stat.ETag,
		If:          cond,
	}
}

// asCorrupt says of a stored body that is not as expected what that means: it
// is not the caller who is wrong.
func asCorrupt(err error) error {
	if errors.Is(err, ErrChecksum) || errors.Is(err, ErrInvalidSize) {
		return fmt.Errorf("%w: the body has another checksum or size", ErrCorrupt)
	}
	return err
}
