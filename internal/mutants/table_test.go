package main

import "testing"

// TestEveryMutantHasANameOfItsOwn, by which it can be planted alone.
func TestEveryMutantHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range mutants() {
		if seen[m.name] {
			t.Errorf("%s is there twice", m.name)
		}
		seen[m.name] = true
	}
}

// TestEveryMutantCanBePlanted looks for the places that mutants change.
func TestEveryMutantCanBePlanted(t *testing.T) {
	t.Chdir("../..")
	for _, m := range mutants() {
		if _, err := m.overlay(t.TempDir()); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}
