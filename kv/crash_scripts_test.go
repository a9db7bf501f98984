package kv

import "slices"

// scripts returns the stories that the crash and fault suites tell.
// Between them they meet every verb, every policy and every way to reach a
// file, and each fills its small segments several times.
func scripts() []script {
	return []script{
		{"sessions", mapped, SyncAlways, 1 << 10, parseSteps(SyncAlways, sessions)},
		{"sessions by call", byCall, SyncAlways, 1 << 10, parseSteps(SyncAlways, sessions)},
		{"limits without mappings", unmapped, SyncInterval, 1 << 10, parseSteps(SyncInterval, limits)},
		{"a cache", mapped, SyncNever, 2 << 10, parseSteps(SyncNever, cached)},
		{"keys among counters", byCall, SyncInterval, 1 << 10, parseSteps(SyncInterval, mixed)},
		{"counters", mapped, SyncAlways, 1 << 10, parseSteps(SyncAlways, limits)},
		{"big values", mapped, SyncNever, 1 << 10, parseSteps(SyncNever, big)},
		{"compacted sessions", mapped, SyncAlways, 1 << 10, parseSteps(SyncAlways, compacted)},
		{"churn", byCall, SyncNever, 1 << 10, parseSteps(SyncNever, churning)},
		{"tombstones", unmapped, SyncInterval, 1 << 10, parseSteps(SyncInterval, tombstones)},
		{"a life with restarts", byCall, SyncAlways, 1 << 10, parseSteps(SyncAlways, restarts)},
		{"transactions", mapped, SyncAlways, 1 << 10, parseSteps(SyncAlways, transactions)},
		{"transactions by call", byCall, SyncNever, 1 << 10, parseSteps(SyncNever, transactions)},
	}
}

// scriptNamed returns one of the scripts.
func scriptNamed(name string) script {
	all := scripts()
	return all[slices.IndexFunc(all, func(s script) bool { return s.name == name })]
}

// sessions come, are refreshed, logged out and forgotten.
const sessions = `
	set s1 120 30s; set s2 90 30s; set s3 200 5s; set s4 64 5s
	expire s1 40s; set s2 95 30s; delete s3; set s5 150 1h
	wait 4s; expire s4 20s; set s6 310 30s; delete s6; delete s6
	set s7 80; until s8 77 10s; until s7 10 -1s; until s9 33 -1h
	wait 7s; sweep; set s8 66 1m; expire s3 1m; get s1
	set s1 121 30s; set s2 91 30s; set s3 201 5s; set s4 65 5s
	expire s5 0s; set s10 400 30s; zeros s11 300; delete s10
	wait 6s; sweep; sweep; set s12 18 30s; expire s2 1s; delete s1
	wait 1s; set s2 44; set s13 250 2m; expire s13 3m; expire s13 0s
	never set s14 99 1m; never set s15 140; set s14 20; sync
	never delete s15; never expire s14 2m; delete s15; until s16 128 1m
	wait 2h; set s17 60 1m; sweep; set s18 90; delete s5; set s19 500
	expire s17 2m; delete s19; set s20 70 1s; wait 1s; set s20 71; sync`

// limits are counters, with windows that close.
const limits = `
	incr a 1 10s; incr a 1 10s; incr b 5; incr a 1 10s; incr c 1 1s
	incr b -2; incr a 1 99s; always incr b 7; incr c 1 1s; wait 1s
	incr c 1 1s; incr a 1; sync; incr b 1; incr d 9223372036854775807
	incr e -1 1m; incr e 1 1m; incr a 3; get a; get b
	always incr a 1; incr b 1; incr c 1; wait 3s; incr c 1 5s; sweep
	incr a 1; incr b 1; delete b; incr b 1; incr b 1; get c
	set f 3; incr a 1; expire a 1m; incr a 1; never incr a 1; incr a 1
	wait 30s; sweep; incr a 1; incr b 1; incr b 1; sync; incr b 1
	always incr b 1; incr b 10; incr c 1; incr c 1; delete c; incr c 2
	incr b 1; incr b 1; incr b 1; expire b 5s; incr b 1; wait 5s
	incr b 1 1h; incr a 1 1h; incr a 1 1h; incr a -1 1h; incr d -5`

// cached things are big and small, and nobody waits for the disk.
const cached = `
	set a 700; set b 40; set c 900 10s; set d 10; delete a; set e 1200 1m
	set a 500; sync; set b 41; set b 42; set b 43; delete c; zeros f 1500
	set c 300 2s; expire e 0s; wait 3s; set g 8; set h 350; sweep; get e
	set a 501; delete d; set d 11; sync; sync; set i 777 1m; set j 55
	expire i 1s; incr n 1; incr n 1; wait 2s; incr n 1; set i 20
	delete j; delete i; delete nobody; until j 99 1m; until e 10 -1s
	always set k 60; set l 650; set l 651; set l 652; get l; set m 10
	zeros m 600; zeros m 601; set m 9; delete l; sweep; wait 1h; sweep
	set o 100; set p 100; set q 100; delete o; delete p; set o 1; sync
	set r 900; set s 901; set t 902; delete r; set u 300`

// mixed is one store under three policies.
const mixed = `
	always set key1 200; never incr n 1 1m; interval set s 80 30s
	always set key2 210; never incr n 1; never incr n 1; set s 81 30s
	never incr n 1; always set key1 205; set s 82 30s; never delete s
	always delete key2; never incr n 1; set t 90 5s; wait 2s; sync
	never set u 50; never set v 60; never set w 70; always set key3 180
	never delete u; delete v; always delete nobody; incr n 1; get key1
	set t 91 5s; expire t 10s; never expire t 0s; always expire t 1m
	never until w 20 -1s; never set x 300; set x 301; always set x 302
	never incr n 1; never incr m 1 2s; wait 2s; never incr m 1 2s; sweep
	never set y 150; never set y 151; never set y 152; never set y 153
	sync; always set key1 206; never set z 400; never delete z
	always set key4 60; never incr n 1; never incr n 1; set s 83; delete key3
	wait 2m; sweep; always set key5 61; never incr n 2 1m; never set s 84`

// big values are longer than a segment and get one of their own.
const big = `
	set a 100; set b 1500; set c 50; set d 904; set e 3; delete b; sync
	set b 1900 1m; set c 51; zeros h 1300; expire b 0s; delete h; get b
	set d 905; wait 5s; set d 906; set i 3; set i 1; delete d; set i 0
	always set j 1100; delete j; zeros k 1; set k 1024 1s; wait 2s; sweep
	set k 12; incr r 1; set s 2600; incr r 1; delete s; incr r 1; sync
	set u 300; set v 300; expire u 1m; set w 300; set x 300; delete u; set t 10`

// restarts close the store, or kill it, and open it in the middle of things.
const restarts = `
	reopen; powercut; set a 100; kill; set b 200 1m; incr n 1; set c 300
	delete a; powercut; expire b 2m; incr n 1; set d 400; set a 110; reopen
	set i 850; wait 3s; powercut; powercut; set e 51 2s; never set g 200
	never incr n 1; kill; never set h 60; wait 3s; reopen; expire e 1m
	set e 52; never delete a; never delete b; powercut; never set k 300
	never set k 301; never incr n 1; never set k 302; wait 1h; sweep; get n
	reopen; kill; incr n 1; delete c; until m 70 1m; until d 1 -1s; set o 20`

// compacted stores lose what is useless, all of it and piece by piece.
const compacted = `
	set s1 300 1m; set s2 300 5s; set s3 200; expire s3 5s; set s1 301 1m
	compact; delete s1; set s4 300; set s2 301 1h; rewrite 0; wait 6s; get s3
	sweep; compact; set s3 90; set s5 400 2s; set s6 400; expire s6 3s
	delete s4; rewrite 1; rewrite 0; wait 4s; compact; sweep; rewrite 0; rewrite 1
	compact; set s1 310; set s2 310; set s3 310; set s4 310; set s5 310
	expire s1 1h; delete s2; rewrite 0; expire s1 0s; rewrite 1; delete s1
	never set s3 311; never set s4 311; compact; never delete s5; rewrite 1
	set s7 20; compact; compact; get s3; get s4`

// churning overwrites and deletes without waiting for the disk.
const churning = `
	set a 200; set b 200; set c 200; set d 200 3s; set e 200; set a 201; set b 201
	delete c; set a 202; rewrite 0; set f 300; delete b; incr n 1; incr n 1 1m
	rewrite 1; set a 203; wait 3s; sweep; compact; set d 50; kill; set a 204
	set g 500; delete g; set g 501; delete g; set h 300; rewrite 2; rewrite 0
	powercut; set a 205; set b 205; delete a; compact; powercut; set c 400; incr n 1
	set c 401; set c 402; compact; reopen; delete c; set e 10; set f 10; compact
	set i 700; set j 700; delete i; delete j; rewrite 0; kill; compact; get a; get c`

// tombstones outlive what they bury, and must.
const tombstones = `
	set a 300; set x 600; set b 300 4s; set x 601; set a 301; set x 602
	delete a; set x 603; rewrite 1; rewrite 2; rewrite 3; always set x 604; rewrite 3
	powercut; get a; wait 5s; sweep; set x 605; rewrite 2; rewrite 3; set x 606
	powercut; get a; get b; set c 300; expire c 2s; set x 607; set x 608; wait 2s
	sweep; rewrite 4; rewrite 5; rewrite 3; sync; set x 609; powercut; get c
	set c 301; set x 610; delete c; set x 611; rewrite 4; rewrite 5; rewrite 6; kill
	get c; compact; get a; get b; get c; compact; reopen; get a; get b; get c
	set a 20; rewrite 0; get a`

// transactions write several keys in one step, in one segment and at its end,
// longer than one, and in one with others who wait.
const transactions = `
	update set:a:100 set:b:100 incr:n:1; update set:a:101 delete:b set:c:60:30s
	set d 200; update set:a:90 set:b:90 set:c:90 set:d:90 incr:n:1:1m; get n
	never set a 40; never update set:e:50 incr:m:5:10s; update delete:a delete:nobody
	update expire:c:1m incr:n:1 set:a:200 set:f:200:2s; interval update set:b:10 set:d:10
	update set:a:60 expire:nobody:1m set:b:60; update expire:f:20s set:f:30 expire:f:2s
	update set:g:700 set:h:700 set:i:700; update delete:g delete:h delete:i; delete h
	update set:j:300 set:k:300 set:l:200; kill; update incr:n:1 incr:m:1 incr:o:1; get j
	wait 3s; update incr:m:1 expire:c:5s zeros:f:120 delete:j; rewrite 0; sweep
	update until:k:20:-1s until:l:30:1h set:k:5; powercut; update set:a:150 set:b:150
	never update set:a:151 set:b:151 set:c:151; never update delete:a delete:b; sync
	update set:p:400 set:q:400; update delete:p set:q:401; update set:p:10 delete:q set:r:500
	compact; update incr:n:1 incr:n:1 delete:m; reopen; update set:a:1 set:b:1 set:c:1
	update set:a:180 set:b:180 set:c:180; update set:a:181 set:b:181 set:c:181; get a
	never update set:d:90 delete:r; update delete:a delete:b delete:c delete:d`
