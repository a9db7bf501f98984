package db

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// reapBatch is how many rows one transaction deletes at most, so that it is
// short.
const reapBatch = 500

// Reap deletes the rows that have expired, in transactions of at most 500, and
// returns how many it has deleted. Nobody sees a difference but the disk.
// Several may reap at once.
func (k *KV) Reap(ctx context.Context) (int64, error) {
	all := int64(0)
	for {
		n, err := k.reapBatch(ctx)
		all += n
		if err != nil || n < reapBatch {
			return all, err
		}
	}
}

func (k *KV) reapBatch(ctx context.Context) (n int64, err error) {
	if err := k.begin(ctx); err != nil {
		return 0, err
	}
	defer k.mu.RUnlock()
	err = k.patience().retry(ctx, func() error {
		return k.atomically(ctx, func(ctx context.Context, tx *sql.Tx) error {
			result, err := ExecContext(ctx, tx, k.write(k.say.reap))
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return failed(ctx, "exec", ErrQueryFailed, err)
		})
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// reaper is the goroutine that reaps.
type reaper struct {
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// start begins to reap at every interval, if that is above 0.
func (r *reaper) start(k *KV, every time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	if every <= 0 {
		return
	}
	r.work.Go(func() {
		for pause(ctx, every) == nil {
			_, _ = k.Reap(ctx) // what is left is for the next time
		}
	})
}
