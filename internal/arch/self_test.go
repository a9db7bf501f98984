package arch

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestRulesCanFail tries every rule on sources that break it and on sources
// that come close.
func TestRulesCanFail(t *testing.T) {
	for _, c := range []struct {
		name string
		rule rule
		path string
		src  string
		want string // the breach; "" for none
	}{
		{"a new room", knownPackage, "util/util.go", `package util`,
			"util/util.go:1: package util is not in the table of internal/arch/table_test.go"},
		{"a room of the table", knownPackage, "kv/get.go", `package kv`, ""},
		{"the root", knownPackage, "store.go", `package store`, ""},

		{"a room looks up", onlyItsImports, "internal/segment/a.go",
			"package segment\nimport \"github.com/spcent/plumego/store/internal/seglog\"",
			"internal/segment/a.go:2: package internal/segment must not import internal/seglog"},
		{"keydir looks at segments", onlyItsImports, "internal/keydir/a.go",
			"package keydir\nimport (\n\"sort\"\n\"github.com/spcent/plumego/store/internal/segment\"\n)",
			"internal/keydir/a.go:4: package internal/keydir must not import internal/segment"},
		{"an adapter goes behind kv", onlyItsImports, "cache/a.go",
			"package cache\nimport \"github.com/spcent/plumego/store/internal/vfs\"",
			"cache/a.go:2: package cache must not import internal/vfs"},
		{"an adapter leans on another", onlyItsImports, "file/a.go",
			"package file\nimport \"github.com/spcent/plumego/store/cache\"",
			"file/a.go:2: package file must not import cache"},
		{"db brings a driver", onlyItsImports, "db/a.go",
			"package db\nimport _ \"github.com/lib/pq\"",
			"db/a.go:2: package db must not import github.com/lib/pq"},
		{"the root looks down", onlyItsImports, "store.go",
			"package store\nimport \"github.com/spcent/plumego/store/kv\"",
			"store.go:2: package . must not import kv"},
		{"a stranger whose path begins like ours", onlyItsImports, "kv/a.go",
			"package kv\nimport \"github.com/spcent/plumego/storekeeper\"",
			"kv/a.go:2: package kv must not import github.com/spcent/plumego/storekeeper"},
		{"an adapter on kv", onlyItsImports, "cache/a.go",
			"package cache\nimport (\n\"context\"\n\"github.com/spcent/plumego/store\"\n\"github.com/spcent/plumego/store/kv\"\n)", ""},
		{"a test is free", onlyItsImports, "cache/a_test.go",
			"package cache\nimport \"github.com/stretchr/testify/require\"", ""},

		{"kv opens files itself", noSystem, "kv/a.go", "package kv\nimport \"os\"",
			"kv/a.go:2: only internal/vfs may import os"},
		{"kv hears signals", noSystem, "kv/a.go", "package kv\nimport \"os/signal\"",
			"kv/a.go:2: only internal/vfs may import os/signal"},
		{"segment calls the kernel", noSystem, "internal/segment/mmap_unix.go",
			"//go:build unix\n\npackage segment\nimport \"syscall\"",
			"internal/segment/mmap_unix.go:4: only internal/vfs may import syscall"},
		{"vfs is the place for it", noSystem, "internal/vfs/os.go", "package vfs\nimport \"os\"", ""},
		{"a guest may open files", noSystem, "file/dirdisk.go", "package file\nimport \"os\"", ""},
		{"and nothing more", noSystem, "file/dirdisk.go", "package file\nimport \"syscall\"",
			"file/dirdisk.go:2: only internal/vfs may import syscall"},
		{"a guest's neighbour", noSystem, "file/dirput.go", "package file\nimport \"os\"",
			"file/dirput.go:2: only internal/vfs may import os"},
		{"a program may", noSystem, "kv/cmd/kvctl/main.go", "package main\nimport \"os\"", ""},
		{"a test may", noSystem, "kv/a_test.go", "package kv\nimport \"os\"", ""},

		{"kv reads the clock", noClock, "kv/a.go",
			"package kv\nimport \"time\"\nfunc f() int64 { return time.Now().Unix() }",
			"kv/a.go:3: only kv/clock.go may use time.Now"},
		{"a clock kept for later", noClock, "cache/a.go",
			"package cache\nimport \"time\"\nfunc f() any {\nnow := time.Now\nreturn now\n}",
			"cache/a.go:4: only kv/clock.go may use time.Now"},
		{"the clock by another name", noClock, "kv/a.go",
			"package kv\nimport tm \"time\"\nfunc f(t tm.Time) tm.Duration { return tm.Since(t) }",
			"kv/a.go:3: only kv/clock.go may use time.Since"},
		{"a clock without a name", noClock, "kv/a.go", "package kv\nimport . \"time\"",
			"kv/a.go:2: a dot import hides the clock"},
		{"kv/clock.go is the place for it", noClock, "kv/clock.go",
			"package kv\nimport \"time\"\nfunc f() time.Time { return time.Now() }", ""},
		{"so is cache/clock.go", noClock, "cache/clock.go",
			"package cache\nimport \"time\"\nfunc f() time.Time { return time.Now() }", ""},
		{"a guest may read it", noClock, "file/dirclock.go",
			"package file\nimport \"time\"\nfunc f() time.Time { return time.Now() }", ""},
		{"a guest's neighbour may not", noClock, "file/dirput.go",
			"package file\nimport \"time\"\nfunc f() time.Time { return time.Now() }",
			"file/dirput.go:3: only kv/clock.go may use time.Now"},
		{"durations are no clock", noClock, "kv/a.go",
			"package kv\nimport \"time\"\nfunc f() time.Duration { return time.Second }", ""},
		{"another thing's Now", noClock, "kv/a.go",
			"package kv\nfunc f(s store) int64 { return s.clock.Now() }", ""},

		{"a room logs", noLogger, "internal/seglog/a.go", "package seglog\nimport \"log/slog\"",
			"internal/seglog/a.go:2: package internal/seglog is below kv and must not import log/slog"},
		{"kv logs", noLogger, "kv/a.go", "package kv\nimport \"log/slog\"", ""},

		{"an init", noInit, "kv/a.go", "package kv\nfunc init() {}",
			"kv/a.go:2: func init runs before anybody asked"},
		{"a method called init", noInit, "kv/a.go", "package kv\nfunc (s *S) init() {}", ""},

		{"a counter", noVariables, "kv/a.go", "package kv\nvar opened int",
			"kv/a.go:2: package variable opened: state belongs in a value"},
		{"a table", noVariables, "internal/record/a.go", "package record\nvar (\nnames = []string{\"a\"}\n)",
			"internal/record/a.go:3: package variable names: state belongs in a value"},
		{"an error yet to come", noVariables, "kv/a.go", "package kv\nvar errLast error",
			"kv/a.go:2: package variable errLast: state belongs in a value"},
		{"a sentinel", noVariables, "kv/a.go",
			"package kv\nimport \"errors\"\nvar ErrGone = errors.New(\"kv: gone\")", ""},
		{"a cache by its name", noVariables, "db/a.go", "package db\nvar plans, other sync.Map",
			"db/a.go:2: package variable other: state belongs in a value"},
		{"a promise to the compiler", noVariables, "kv/a.go", "package kv\nvar _ I = (*T)(nil)", ""},
		{"a constant", noVariables, "kv/a.go", "package kv\nconst max = 1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := parse(c.path, []byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(c.rule(f), "\n"); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestRequirementsCanFail(t *testing.T) {
	const gomod = `module github.com/spcent/plumego/store

go 1.25.0

require github.com/lib/pq v1.10.9

require (
	github.com/google/btree v1.1.3
	go.etcd.io/bbolt v1.4.0
	golang.org/x/sys v0.30.0 // indirect
)
`
	want := []string{"github.com/lib/pq", "go.etcd.io/bbolt"}
	if got := undirected(gomod); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadLeavesOutWhatIsNotOfTheModule(t *testing.T) {
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	files := load(t, fstest.MapFS{
		"go.mod":                 text("module m"),
		"store.go":               text("package store"),
		"kv/kv_plan9.go":         text("package kv"),
		"kv/README.md":           text("no Go"),
		"kv/testdata/broken.go":  text("no Go either"),
		"bench/bench_test.go":    text("package bench"),
		"bench/peers/go.mod":     text("module m/bench/peers"),
		"bench/peers/sub/p.go":   text("package sub"),
		".ci/tools/tool.go":      text("package main"),
		"internal/_old/a/old.go": text("package a"),
	})
	var got []string
	for _, f := range files {
		got = append(got, f.path)
	}
	want := []string{"bench/bench_test.go", "kv/kv_plan9.go", "store.go"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
