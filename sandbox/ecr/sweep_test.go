//go:build unix

package ecr

import (
	"os"
	"path/filepath"
	"testing"
)

// Layers that a killed registry left behind go at the next start; those of one at
// work stay, and so does what isn't layers.
func TestSweep(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	killed, other := filepath.Join(temp, layersPrefix+"killed"), filepath.Join(temp, "orgship-other")
	for _, dir := range []string{killed, other} {
		if err := os.MkdirAll(filepath.Join(dir, "layer"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	working := &blobs{}
	dir, err := working.folder()
	if err != nil {
		t.Fatal(err)
	}
	sweep(os.TempDir())
	for path, stays := range map[string]bool{killed: false, other: true, dir: true} {
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("%s: %v, stays %v", filepath.Base(path), err, stays)
		}
	}
	if err := working.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("after its end: %v", err)
	}
}
