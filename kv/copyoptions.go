package kv

import "github.com/spcent/plumego/store/internal/vfs"

// CopyOption changes how Backup, BackupTo and Restore work.
type CopyOption func(*copying)

// Progress has fn told, after every piece of a copy, how many bytes of how
// many are done. The copy waits for it, and calls it from its own goroutine.
func Progress(fn func(done, total int64)) CopyOption {
	return func(c *copying) { c.progress = fn }
}

// copying is a copy under way.
type copying struct {
	progress    func(done, total int64) // nil: nobody wants to know
	proceed     func() error            // says why the copy must end, if so
	done, total int64                   // bytes
	fs          vfs.FS                  // nil: the system's; for tests
}

func newCopying(proceed func() error, opts []CopyOption) *copying {
	c := &copying{proceed: proceed}
	for _, option := range opts {
		option(c)
	}
	return c
}

// pass says that so many bytes more are done.
func (c *copying) pass(n int64) error { return c.reach(c.done+n, c.total) }

// reach says how many bytes of how many are done.
func (c *copying) reach(done, total int64) error {
	c.done = done
	if c.progress != nil {
		c.progress(done, total)
	}
	return c.proceed()
}
