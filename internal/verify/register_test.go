package verify

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// register is one key as porcupine's model sees it, and the time.
type register struct {
	there    bool
	value    string
	deadline int64 // Unix milliseconds; 0: none
	now      int64
}

// call is what a caller asks.
type call struct {
	kind     string
	key      string
	value    string
	old      string // what a condition expects
	delta    int64
	deadline int64 // of "set until"; what time it is now of "time"
	began    int64 // what time it was when the call began, or before
}

// answer is what a caller was told. Nobody was told if the process died
// before: the call was then done or was not, but is not done later.
type answer struct {
	lost  bool
	there bool // or, of a condition: it held
	value string
	sum   int64
}

// registers is the store as a model: keys are independent of each other, but
// the time is the same for all.
func registers(start int64) porcupine.Model {
	m := porcupine.NondeterministicModel{
		Partition: byKey,
		Init:      func() []any { return []any{register{now: start}} },
		Step: func(state, input, output any) []any {
			return state.(register).steps(input.(call), output.(answer))
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	}
	return m.ToModel()
}

// steps returns what may be after a call that was answered so.
//
// A call that writes by what it finds judges the deadline when it takes its
// place in the order of writes, but is seen only when it is durable, and time
// may pass in between. So an Incr may count on from a value that has died
// since it was called, a condition may have held of it, and others may have
// seen it gone by then: what has died is kept until it is overwritten.
func (r register) steps(c call, a answer) (next []any) {
	times := []int64{r.now}
	if c.finds() && c.began < r.deadline && r.deadline <= r.now {
		times = append(times, c.began)
	}
	for _, now := range times {
		view := r.at(now)
		after, told := view.after(c)
		later := max(after.now, r.now)
		if after.now = view.now; after == view {
			after = r
		}
		after.now = later
		if a == told || a.lost {
			next = append(next, after)
		}
	}
	if a.lost {
		next = append(next, r)
	}
	return next
}

// finds reports whether what a call writes depends on what it finds.
func (c call) finds() bool {
	switch c.kind {
	case "incr", "claim", "swap", "drop", "exchange":
		return true
	}
	return false
}

// at returns the register as it is at some time.
func (r register) at(now int64) register {
	if r.deadline != 0 && r.deadline <= now {
		return register{now: now}
	}
	r.now = now
	return r
}

// after returns the register after a call, and what its caller is told.
func (r register) after(c call) (register, answer) {
	switch c.kind {
	case "get":
		return r, answer{there: r.there, value: r.value}
	case "set":
		return register{true, c.value, 0, r.now}, answer{}
	case "set until":
		return register{true, c.value, c.deadline, r.now}, answer{}
	case "delete":
		return register{now: r.now}, answer{}
	case "incr":
		old, _ := strconv.ParseInt(r.value, 10, 64)
		r.there, r.value = true, strconv.FormatInt(old+c.delta, 10)
		return r, answer{sum: old + c.delta}
	case "claim":
		if r.there {
			return r, answer{}
		}
		return register{true, c.value, 0, r.now}, answer{there: true}
	case "swap":
		if !r.there || r.value != c.old {
			return r, answer{}
		}
		return register{true, c.value, 0, r.now}, answer{there: true}
	case "drop":
		if !r.there || r.value != c.old {
			return r, answer{}
		}
		return register{now: r.now}, answer{there: true}
	case "exchange":
		return register{true, c.value, 0, r.now}, answer{there: r.there, value: r.value}
	case "time":
		r.now = max(r.now, c.deadline)
		return r, answer{}
	}
	panic("unknown call " + c.kind)
}

// byKey gives each key its own history. What time it is concerns all.
func byKey(all []porcupine.Operation) (parts [][]porcupine.Operation) {
	var shared []porcupine.Operation
	keys := map[string][]porcupine.Operation{}
	for _, op := range all {
		if key := op.Input.(call).key; key != "" {
			keys[key] = append(keys[key], op)
		} else {
			shared = append(shared, op)
		}
	}
	for _, part := range keys {
		parts = append(parts, append(part, shared...))
	}
	return parts
}

// requireLinear fails unless some order of the calls, in which none comes
// before one that had ended when it began, explains every answer.
func requireLinear(t *testing.T, start int64, history []porcupine.Operation, where string) {
	t.Helper()
	const patience = 30 * time.Second
	m := registers(start)
	verdict, info := porcupine.CheckOperationsVerbose(m, history, patience)
	if verdict == porcupine.Ok {
		return
	}
	for _, part := range byKey(history) {
		if porcupine.CheckOperationsTimeout(m, part, patience) == porcupine.Ok {
			continue
		}
		for _, op := range part {
			t.Logf("%6d to %6d, caller %2d: %+v: %+v", op.Call, op.Return, op.ClientId, op.Input, op.Output)
		}
	}
	if page, err := os.CreateTemp("", "history-*.html"); err == nil {
		where = fmt.Sprintf("%s, drawn in %s (%v)", where, page.Name(), porcupine.Visualize(m, info, page))
		page.Close()
	}
	t.Fatalf("%s: %s, of %d calls", where, verdict, len(history))
}
