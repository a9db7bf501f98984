package main

import (
	"flag"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFlagsStandAnywhere(t *testing.T) {
	for _, tt := range []struct {
		args     string
		operands string
		ttl      time.Duration
		json     bool
	}{
		{"", "", 0, false},
		{"DIR KEY", "DIR KEY", 0, false},
		{"-json DIR KEY", "DIR KEY", 0, true},
		{"DIR -json KEY", "DIR KEY", 0, true},
		{"DIR KEY VALUE -ttl 5s", "DIR KEY VALUE", 5 * time.Second, false},
		{"DIR --ttl=5s KEY --json", "DIR KEY", 5 * time.Second, true},
		{"-json=false DIR", "DIR", 0, false},
		{"DIR KEY -5", "DIR KEY -5", 0, false},
		{"DIR KEY -.5", "DIR KEY -.5", 0, false},
		{"DIR -", "DIR -", 0, false},
		{"DIR -- -json -ttl", "DIR -json -ttl", 0, false},
		{"-ttl 5s -- --", "--", 5 * time.Second, false},
	} {
		fs := flag.NewFlagSet("test", flag.ContinueOnError)
		ttl := fs.Duration("ttl", 0, "")
		json := fs.Bool("json", false, "")
		operands, err := parseArgs(fs, strings.Fields(tt.args))
		if err != nil || !slices.Equal(operands, strings.Fields(tt.operands)) || *ttl != tt.ttl || *json != tt.json {
			t.Errorf("parseArgs(%q) = %q, %v, ttl %v, json %v; want %q, ttl %v, json %v",
				tt.args, operands, err, *ttl, *json, tt.operands, tt.ttl, tt.json)
		}
	}
}

func TestHelpHasAnExampleForEveryCommand(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		overview := must(t, kvctl(args...))
		for _, cmd := range commands() {
			if !strings.Contains(overview, "\n  "+cmd.name+" ") {
				t.Errorf("kvctl %s does not list %s", args[0], cmd.name)
			}
		}
	}
	for _, cmd := range commands() {
		want := must(t, kvctl("help", cmd.name))
		if got := must(t, kvctl(cmd.name, "-h")); got != want {
			t.Errorf("kvctl %s -h differs from kvctl help %s:\n%s", cmd.name, cmd.name, got)
		}
		if !strings.Contains(want, "-json") || !strings.Contains(want, "Example:\n  kvctl ") {
			t.Errorf("kvctl help %s has no flags or no example:\n%s", cmd.name, want)
		}
	}
}
