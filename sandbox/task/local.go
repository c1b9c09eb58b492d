package task

// Options of the default runtime; the zero value is fine.
type Options struct {
	// Dir is where the runtime makes the directory that keeps its unpacked
	// images. Empty: os.TempDir. What it makes is gone after Close, and also
	// when the program dies.
	Dir string
}
