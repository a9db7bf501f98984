package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/spcent/plumego/store"
)

// lanes is how many counters share the keys. All processes must agree on it
// and on laneOf: both are part of the table's form and must not change.
const lanes = 16

func laneOf(key string) int {
	h := fnv.New32a()
	h.Write([]byte(key)) // never fails
	return int(h.Sum32() % lanes)
}

// laneRows returns the rows of a new table of lanes.
func laneRows() string {
	rows := make([]string, lanes)
	for lane := range rows {
		rows[lane] = fmt.Sprintf("(%d, 0)", lane)
	}
	return strings.Join(rows, ", ")
}

// claimVersions locks the lanes of the changes until the transaction ends, and
// takes a version for each change. The order of lanes is everybody's, so that
// nobody waits in a ring.
func (k *KV) claimVersions(ctx context.Context, tx *sql.Tx, changes []store.Change, versions []uint64) error {
	at := map[int][]int{} // by lane, the changes
	for i, c := range changes {
		lane := laneOf(c.Key)
		at[lane] = append(at[lane], i)
	}
	for _, lane := range slices.Sorted(maps.Keys(at)) {
		mine := at[lane]
		last, err := k.claim(ctx, tx, lane, len(mine))
		if err != nil {
			return err
		}
		for n, i := range mine {
			versions[i] = uint64(last) - uint64(len(mine)-1-n)
		}
	}
	return nil
}

// claim adds n to a lane's counter and returns what it has become.
func (k *KV) claim(ctx context.Context, tx *sql.Tx, lane, n int) (int64, error) {
	statement := k.write(k.say.claim)
	if k.dialect != MySQL {
		last, err := One[int64](ctx, tx, statement, n, lane)
		if errors.Is(err, ErrNoRows) {
			err = ErrNoSchema
		}
		return last, err
	}
	result, err := ExecContext(ctx, tx, statement, n, lane)
	if err != nil {
		return 0, err
	}
	if found, err := result.RowsAffected(); err != nil || found == 0 {
		return 0, ErrNoSchema
	}
	last, err := result.LastInsertId()
	return last, failed(ctx, "exec", ErrQueryFailed, err)
}
