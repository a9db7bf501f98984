package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spcent/plumego/store/kv"
)

func replayCommand() command {
	return command{
		name:     "replay",
		operands: "FILE",
		summary:  "live through a web server's access log",
		details: `Replay reads an access log in Common or Combined Log Format, plain or gzip,
FILE or - for standard input, and does with a new store what an application
would, at the times of the log:

  session:CLIENT      a session, as JSON, that ends when no request has
                      touched it for the -ttl
  rate:CLIENT:MINUTE  a counter of the client's requests in a minute of UTC,
                      which lives five minutes from its first request

Then it closes the store, opens it again, and prints what lives. It keeps a
plain map by the same rules, and compares every key, value and deadline of
the store with it; any difference is an error.

The store's time never runs backwards: a line earlier than one before it
happens at the time reached, and counts for its own minute. If lines come
more than four minutes late, the counter of their minute may begin again.

Malformed lines are counted, the first few are shown, and they are passed
over. A client counts as over the limit in a minute in which it made more
than -limit requests.

A store kept with -dir holds deadlines of the log's time: for the other
commands, what lived then may have expired long ago.`,
		example: "kvctl replay -limit 10 testdata/access.log",
		flags:   replayFlags,
	}
}

func replayFlags(fs *flag.FlagSet) action {
	r := &replay{}
	fs.Int64Var(&r.limit, "limit", 60, "`requests` per client and minute")
	fs.DurationVar(&r.ttl, "ttl", 30*time.Minute, "`time` without a request that ends a session")
	fs.StringVar(&r.dir, "dir", "", "keep the store in this new or empty `directory`; by default it is temporary")
	fs.Func("sync", "sync `policy`: always, interval or never (default interval)", r.setSync)
	r.setSync("interval")
	return r.start
}

// replay is one run of the command.
type replay struct {
	file     string
	limit    int64
	ttl      time.Duration
	dir      string
	sync     kv.SyncPolicy
	syncName string

	call  *call
	clock logClock
	model *model
	tally *tally
	found comparison
}

func (r *replay) setSync(name string) error {
	policies := map[string]kv.SyncPolicy{"always": kv.SyncAlways, "interval": kv.SyncInterval, "never": kv.SyncNever}
	p, ok := policies[name]
	if !ok {
		return errors.New("want always, interval or never")
	}
	r.sync, r.syncName = p, name
	return nil
}

// start checks the flags, finds a place for the store and runs the replay.
func (r *replay) start(c *call) (exit, error) {
	if err := notNegative("limit", r.limit); err != nil {
		return exitError, err
	}
	if r.ttl < time.Millisecond {
		return exitError, errors.New("-ttl is less than a millisecond")
	}
	r.call, r.file = c, c.operands[0]
	r.model, r.tally = newModel(r.ttl), newTally()
	return c.withInput(r.file, func(in io.Reader) (exit, error) {
		if r.dir != "" {
			if err := checkEmpty(r.dir); err != nil {
				return exitError, err
			}
			return r.run(in)
		}
		return r.runInTemp(in)
	})
}

// runInTemp runs the replay in a directory that it removes at the end.
func (r *replay) runInTemp(in io.Reader) (code exit, err error) {
	temp, err := os.MkdirTemp("", "kvctl-replay-")
	if err != nil {
		return exitError, err
	}
	defer func() {
		if removeErr := os.RemoveAll(temp); err == nil && removeErr != nil {
			code, err = exitError, removeErr
		}
	}()
	r.dir = filepath.Join(temp, "store")
	return r.run(in)
}

// checkEmpty refuses a directory that holds anything: what an older store
// has in it the model would not know.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty; replay begins a new store", dir)
	}
	return nil
}
