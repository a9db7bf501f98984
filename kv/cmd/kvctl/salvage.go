package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/spcent/plumego/store/kv"
)

func salvageCommand() command {
	return command{
		name:     "salvage",
		operands: "SRC DST",
		summary:  "write what is readable of a damaged store into a new one",
		details: `Salvage reads the store's directory SRC, changes nothing in it, and writes all
that can be read into a new store in DST, which must not exist or be empty. It
prints what was lost, with file, offset and length; damage that cost nothing;
and how many keys are doubtful, because a record that cannot be read may have
replaced or deleted them. Stop the application first.

It exits with 0 if nothing was lost, 1 if something was, and 2 on an error.`,
		example: "kvctl salvage /var/lib/app/state /var/lib/app/state.new",
		flags: func(fs *flag.FlagSet) action {
			keys := fs.Bool("keys", false, "print the keys that are known to be lost or doubtful")
			return func(c *call) (exit, error) { return salvage(c, *keys) }
		},
	}
}

func salvage(c *call, keys bool) (exit, error) {
	if err := checkDir(kv.Options{DataDir: c.operands[0], ReadOnly: true}); err != nil {
		return exitError, err
	}
	out := salvaged{Lost: []harm{}, Harmless: []harm{}, Torn: []harm{}}
	var opts kv.SalvageOptions
	if keys {
		opts.Key = out.addKey
	}
	r, err := kv.Salvage(c.ctx, c.operands[0], c.operands[1], opts)
	if err != nil {
		return exitError, err
	}
	out.fill(r)
	code := exitOK
	if len(r.Lost) > 0 {
		code = exitLost
	}
	if c.json {
		return code, c.printJSON(out)
	}
	out.print(c)
	return code, nil
}

// salvaged is kv.SalvageReport with the names of the JSON output.
type salvaged struct {
	Segments int       `json:"segments"`
	Records  int64     `json:"records"`
	Keys     int       `json:"keys"`
	Bytes    int64     `json:"value_bytes"`
	Expired  int       `json:"expired_keys"`
	Doubtful int       `json:"doubtful_keys"`
	LostKeys int       `json:"lost_keys"`
	Lost     []harm    `json:"lost"`
	Harmless []harm    `json:"harmless"`
	Torn     []harm    `json:"torn"`
	Fates    []keyFate `json:"fates,omitempty"`

	fates []keyFate
}

// harm is kv.Damage with the names of the JSON output.
type harm struct {
	File    string `json:"file"`
	Offset  int64  `json:"offset"`
	Length  int64  `json:"length"`
	Reason  string `json:"reason"`
	Records int    `json:"records,omitempty"`
}

// keyFate is a key that is not known for certain.
type keyFate struct {
	encodedKey
	Fate string `json:"fate"`
	key  string
}

func (s *salvaged) addKey(key string, fate kv.KeyFate) {
	word := "lost"
	if fate == kv.KeyDoubtful {
		word = "doubtful"
	}
	s.fates = append(s.fates, keyFate{asKey(key), word, key})
}

func (s *salvaged) fill(r kv.SalvageReport) {
	s.Segments, s.Records, s.Keys, s.Bytes = r.Segments, r.Records, r.Keys, r.Bytes
	s.Expired, s.Doubtful, s.LostKeys = r.Expired, r.Doubtful, r.LostKeys
	s.Lost, s.Harmless, s.Torn = toDamages(r.Lost), toDamages(r.Harmless), toDamages(r.Torn)
	s.Fates = s.fates
}

func toDamages(list []kv.Damage) []harm {
	out := []harm{}
	for _, d := range list {
		out = append(out, harm(d))
	}
	return out
}

// print writes a line for each range and key, and a summary.
func (s *salvaged) print(c *call) {
	for _, list := range []struct {
		word   string
		ranges []harm
	}{{"lost", s.Lost}, {"harmless", s.Harmless}, {"unfinished", s.Torn}} {
		for _, d := range list.ranges {
			fmt.Fprintf(c.stdout, "%s: %s: offset %d, %s: %s\n", list.word, d.File, d.Offset, plural(d.Length, "byte"), d.Reason)
		}
	}
	for _, k := range s.Fates {
		fmt.Fprintf(c.stdout, "%s key\t%s\n", k.Fate, shown(k.key))
	}
	parts := []string{plural(int64(s.Segments), "segment"), plural(s.Records, "record")}
	parts = append(parts, plural(int64(s.Keys), "key")+" written")
	if s.Expired > 0 {
		parts = append(parts, fmt.Sprintf("%d expired", s.Expired))
	}
	if s.Doubtful > 0 {
		parts = append(parts, fmt.Sprintf("%d of them doubtful", s.Doubtful))
	}
	if s.LostKeys > 0 {
		parts = append(parts, plural(int64(s.LostKeys), "key")+" known to be lost")
	}
	verdict := "nothing lost"
	if n := len(s.Lost); n > 0 {
		verdict = plural(int64(n), "range") + " lost"
	}
	fmt.Fprintf(c.stdout, "%s: %s\n", strings.Join(parts, ", "), verdict)
}
