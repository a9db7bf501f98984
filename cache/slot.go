package cache

// slot is what the index knows of a record. 0 is no record.
//
//	 63            32 31            4     3       2    1         0
//	+----------------+---------------+---------+------+-----------+
//	| position       | tag           | onTrial | main | frequency |
//	+----------------+---------------+---------+------+-----------+
//
// The tag is the upper bits of the key's hash: enough to know, without a look
// at keys, where a slot goes when its table is split. The frequency is how
// often the record was found lately, at most mostFrequent. For onTrial see trial.
type slot uint64

const (
	frequencyBits = 2
	mostFrequent  = 1<<frequencyBits - 1
	inMain        = 1 << frequencyBits
	onTrial       = 2 << frequencyBits
	tagShift      = frequencyBits + 2
	tagBits       = 32 - tagShift
	posShift      = 32
)

func newSlot(pos, tag uint32, main bool, frequency int) slot {
	s := slot(pos)<<posShift | slot(tag)<<tagShift | slot(frequency)
	if main {
		s |= inMain
	}
	return s
}

// tagOf returns the tag of a hash.
func tagOf(hash uint64) uint32 { return uint32(hash >> (64 - tagBits)) }

func (s slot) pos() uint32    { return uint32(s >> posShift) }
func (s slot) tag() uint32    { return uint32(s) >> tagShift }
func (s slot) main() bool     { return s&inMain != 0 }
func (s slot) frequency() int { return int(s & mostFrequent) }

// touched returns the slot after one more access.
func (s slot) touched() slot {
	if s&mostFrequent < mostFrequent {
		s++
	}
	return s
}
