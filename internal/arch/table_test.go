package arch

const (
	module = "github.com/spcent/plumego/store"

	xxhash  = "github.com/cespare/xxhash/v2"
	btree   = "github.com/google/btree"
	testify = "github.com/stretchr/testify"
)

// imports says, package by package from the ground up, what may be imported
// beside the standard library. Packages of the module are named by their
// directory, the root is ".".
func imports() map[string][]string {
	return map[string][]string{
		"internal/vfs":     {},
		"internal/record":  {xxhash},
		"internal/segment": {xxhash, "internal/vfs", "internal/record"},
		"internal/seglog":  {xxhash, "internal/segment", "internal/record", "internal/vfs"},
		"internal/spin":    {},
		"internal/keydir":  {btree, "internal/spin"},

		".":            {},
		"kv":           {".", "internal/seglog", "internal/segment", "internal/record", "internal/keydir", "internal/spin", "internal/vfs"},
		"kv/cmd/kvctl": {".", "kv"},
		"kv/dropin":    {".", "kv"},
		"kv/ratelimit": {".", "kv"},
		"storetest":    {"."},

		"db": {"."},

		"cache":           {".", "kv", "internal/spin"},
		"cache/cachetest": {".", "cache", "storetest"},

		"idempotency":          {"."},
		"idempotency/idemtest": {".", "idempotency", "storetest"},

		"file":          {"."},
		"file/filetest": {".", "file", "storetest"},

		"internal/arch":     {},
		"internal/mutants":  {},
		"internal/repotest": {"."},
		"bench":             {".", "kv"},
	}
}

// direct lists what the root go.mod may require by itself.
func direct() []string { return []string{xxhash, btree, testify} }

// Who may do what few may. Tests may do all of it.
const (
	systemRoom = "internal/vfs"
	clockFile  = "kv/clock.go"
	// cacheClock is that of a cache in memory, which has no store to ask.
	cacheClock = "cache/clock.go"
)

// systemGuests are the files outside of systemRoom that may import one package
// of the operating system, and which.
func systemGuests() map[string]string {
	return map[string]string{
		// os.Root: plain files on disk, and no link that leads out is followed.
		"file/dirdisk.go": "os",
		// A full disk is told from other trouble by its number.
		"file/dirfull_unix.go":    "syscall",
		"file/dirfull_windows.go": "syscall",
	}
}

// clockGuests are the files beside clockFile that may read the clock, and why.
func clockGuests() map[string]string {
	return map[string]string{
		"file/dirclock.go": "a directory has no store that tells its time",
	}
}

// exempt reports whether a file belongs to a program or a measurement,
// which may use the system and the clock as any program does.
func exempt(f source) bool {
	return f.ast.Name.Name == "main" || f.dir == "bench"
}

// logs reports whether the packages of a directory may have a logger: kv
// and what stands on it.
func logs(dir string) bool {
	switch dir {
	case "kv", "cache", "idempotency", "file", "bench":
		return true
	}
	return under(dir, "kv/cmd")
}

// isCache reports whether a package variable may be: one that only spares
// work, is bounded by the program's text, and has no value to hang on.
func isCache(name string) bool {
	return name == "db.plans" // by type: generic functions have nowhere else to keep it
}
