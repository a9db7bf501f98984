package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// Verify reads the whole body of a file and compares it with its size and ETag.
// A body that is not what was put is ErrCorrupt.
func Verify(ctx context.Context, s Storage, path string) error {
	f, err := s.Get(ctx, path)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	if err != nil {
		return failed("verify", path, err)
	}
	if stat := f.Stat(); n != stat.Size || hex.EncodeToString(hash.Sum(nil)) != stat.ETag {
		return failed("verify", path, fmt.Errorf("%w: the body has another checksum", ErrCorrupt))
	}
	return nil
}
