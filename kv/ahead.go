package kv

import "github.com/spcent/plumego/store/internal/segment"

// ahead keeps the pages behind the end of the log ready for a busy writer.
// It only saves time: what it does not come to the writer does.
type ahead struct {
	stretches chan segment.Stretch
}

func newAhead() ahead { return ahead{make(chan segment.Stretch, 4)} }

// note hands a stretch over, or forgets it.
func (a *ahead) note(t segment.Stretch) {
	select {
	case a.stretches <- t:
	default:
	}
}

// run works until the store closes.
func (a *ahead) run(e *engine) {
	for {
		select {
		case <-e.quit:
			return
		case t := <-a.stretches:
			t.Prefault()
		}
	}
}
