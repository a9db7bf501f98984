package verify

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// transfer is one transfer of money.
type transfer struct {
	s      *kv.KVStore
	rng    *rand.Rand
	teller int
	runs   int
}

// make moves money in one of several ways, and counts that in the teller's
// own key. The error is errStop if the transfer was given up.
func (tr *transfer) make() error {
	from, to := accountOf(tr.rng.IntN(accounts)), accountOf(tr.rng.IntN(accounts))
	sum := int64(1 + tr.rng.IntN(riches))
	move := []func(*kv.Tx) error{
		func(tx *kv.Tx) error { return setBoth(tx, from, to, sum) },
		func(tx *kv.Tx) error { return incrBoth(tx, from, to, sum) },
		func(tx *kv.Tx) error { return toPoorest(tx, to, sum) },
		func(tx *kv.Tx) error { return errors.Join(setBoth(tx, from, to, sum), tr.overtake(from, to)) },
		func(tx *kv.Tx) error { return errors.Join(incrOne(tx, from, -sum), errStop) },
	}[tr.rng.IntN(5)]
	receipt := fmt.Sprint("receipt:", tr.rng.IntN(200))
	ttl := time.Duration(1 + tr.rng.IntN(10))
	err := tr.s.Update(func(tx *kv.Tx) error {
		tr.runs++
		if _, err := tx.Incr(tellerOf(tr.teller), 1, 0); err != nil {
			return err
		}
		return errors.Join(move(tx), tx.Set(receipt, []byte(from+to), ttl*time.Millisecond))
	})
	if errors.Is(err, errStop) {
		return errStop
	}
	return err
}

func tellerOf(id int) string { return fmt.Sprint("teller:", id) }

// setBoth reads two accounts and sets them.
func setBoth(tx *kv.Tx, from, to string, sum int64) error {
	if from == to {
		return nil
	}
	has, err := balance(tx, from)
	if err != nil {
		return err
	}
	gets, err := balance(tx, to)
	if err != nil {
		return err
	}
	return errors.Join(setBalance(tx, from, has-sum), setBalance(tx, to, gets+sum))
}

func balance(tx *kv.Tx, key string) (int64, error) {
	value, err := tx.Get(key)
	if errors.Is(err, kv.ErrKeyNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(value), 10, 64)
}

// setBalance closes an account that has nothing.
func setBalance(tx *kv.Tx, key string, sum int64) error {
	if sum == 0 {
		return tx.Delete(key)
	}
	return tx.Set(key, strconv.AppendInt(nil, sum, 10), 0)
}

func incrBoth(tx *kv.Tx, from, to string, sum int64) error {
	return errors.Join(incrOne(tx, from, -sum), incrOne(tx, to, sum))
}

func incrOne(tx *kv.Tx, key string, sum int64) error {
	_, err := tx.Incr(key, sum, 0)
	return err
}

// toPoorest moves money to the account that has least, of all that are open.
func toPoorest(tx *kv.Tx, from string, sum int64) error {
	poorest, least := from, int64(0)
	for item, err := range tx.Scan(account) {
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(item.Value), 10, 64)
		if err != nil {
			return err
		}
		if n < least {
			poorest, least = item.Key, n
		}
	}
	return setBoth(tx, from, poorest, sum)
}

// overtake changes, beside the first run of a transaction, what that has
// read, so that it must run again.
func (tr *transfer) overtake(from, to string) error {
	if tr.runs > 1 || from == to {
		return nil
	}
	return tr.s.Update(func(tx *kv.Tx) error { return incrBoth(tx, from, to, 1) })
}
