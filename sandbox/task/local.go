package task

// Options of the default runtime; the zero value is fine.
type Options struct {
	// Dir keeps unpacked images and the tasks' root file systems. Empty: a
	// fresh directory under os.TempDir, removed by Close.
	Dir string
}
