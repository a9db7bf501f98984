package kv

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spcent/plumego/store/internal/vfs"
)

// script is a story that a store goes through, one step after another. It is
// written as steps between semicolons or on lines of their own:
//
//	set KEY SIZE [TTL]       a value of that many bytes, unlike any other
//	zeros KEY SIZE           a value of zeros, which leaves no trace on a fresh sector
//	until KEY SIZE DURATION  a deadline that far from now, perhaps in the past
//	delete KEY
//	expire KEY TTL           0s is for ever
//	incr KEY DELTA [TTL]
//	update WRITE...          a transaction of the above, each with colons for spaces
//	get KEY
//	sync
//	wait DURATION            the clock goes forward
//	sweep                    expired keys leave the index
//	compact                  useless records leave the disk
//	rewrite NUMBER           of one segment alone, counted from the oldest
//	reopen                   Close, and open again
//	kill                     the process dies; open again
//	powercut                 the power fails; open again
//
// "always", "interval" or "never" before a write is the policy of the handle
// that it goes through.
type script struct {
	name    string
	disk    diskKind
	sync    SyncPolicy // of the store's own handle
	segment int64      // bytes
	steps   []step
}

// step is one line of a script.
type step struct {
	text   string
	policy SyncPolicy
	verb   string
	key    string
	number int64         // SIZE or DELTA
	span   time.Duration // TTL or DURATION
	parts  []step        // of an update
}

// writes reports whether the step changes what the store holds.
func (s step) writes() bool {
	switch s.verb {
	case "set", "zeros", "until", "delete", "expire", "incr", "update":
		return true
	}
	return false
}

// deletes reports whether the step does nothing else, and so may succeed on a
// full disk.
func (s step) deletes() bool {
	switch s.verb {
	case "delete", "until":
		return true
	case "update":
		return !slices.ContainsFunc(s.parts, func(part step) bool { return !part.deletes() })
	}
	return false
}

// diskOnly reports whether the step needs a test disk.
func (s step) diskOnly() bool { return s.verb == "kill" || s.verb == "powercut" }

// diskKind says how the store may reach its files.
type diskKind int

const (
	mapped   diskKind = iota // records are stored through the mapping
	byCall                   // written by call, read through the mapping
	unmapped                 // no mappings at all
)

func (k diskKind) String() string { return [...]string{"mapped", "by call", "unmapped"}[k] }

// newDisk returns an empty disk of that kind.
func (k diskKind) newDisk() *vfs.Disk {
	d := vfs.NewDisk()
	if k != mapped {
		d.Placement = vfs.ByCall
	}
	d.NoMap = k == unmapped
	return d
}

// parseSteps reads the steps of a story told under a policy. It panics on
// what it does not understand.
func parseSteps(policy SyncPolicy, story string) []step {
	var steps []step
	for _, line := range strings.FieldsFunc(story, func(r rune) bool { return r == ';' || r == '\n' }) {
		if words := strings.Fields(line); len(words) > 0 {
			steps = append(steps, parseStep(policy, words))
		}
	}
	return steps
}

func parseStep(policy SyncPolicy, words []string) step {
	s := step{text: strings.Join(words, " "), policy: policy}
	if p, ok := policies()[words[0]]; ok {
		s.policy, words = p, words[1:]
	}
	s.verb, words = words[0], words[1:]
	if s.verb == "update" {
		for _, part := range words {
			s.parts = append(s.parts, parseStep(s.policy, strings.Split(part, ":")))
		}
		return s
	}
	grammar, ok := verbs()[s.verb]
	if !ok {
		panic(fmt.Sprintf("script: no such verb: %q", s.text))
	}
	for _, what := range grammar {
		if len(words) == 0 && what.optional {
			break
		}
		if err := what.read(&s, words[0]); err != nil {
			panic(fmt.Sprintf("script: %q: %v", s.text, err))
		}
		words = words[1:]
	}
	if len(words) > 0 {
		panic(fmt.Sprintf("script: too many words: %q", s.text))
	}
	return s
}

func policies() map[string]SyncPolicy {
	return map[string]SyncPolicy{"always": SyncAlways, "interval": SyncInterval, "never": SyncNever}
}

// argument is a word behind a verb.
type argument struct {
	read     func(*step, string) error
	optional bool
}

func verbs() map[string][]argument {
	key := argument{read: func(s *step, w string) error { s.key = w; return nil }}
	number := argument{read: func(s *step, w string) (err error) {
		s.number, err = strconv.ParseInt(w, 10, 64)
		return err
	}}
	span := argument{read: func(s *step, w string) (err error) {
		s.span, err = time.ParseDuration(w)
		return err
	}}
	maySpan := argument{span.read, true}
	return map[string][]argument{
		"set":     {key, number, maySpan},
		"zeros":   {key, number},
		"until":   {key, number, span},
		"delete":  {key},
		"expire":  {key, span},
		"incr":    {key, number, maySpan},
		"get":     {key},
		"sync":    {},
		"wait":    {span},
		"sweep":   {},
		"compact": {},
		"rewrite": {number},
		"reopen":  {},

		"kill":     {},
		"powercut": {},
	}
}
