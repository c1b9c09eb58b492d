package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
)

// SourceError is a folder that can't be the source of builds.
type SourceError struct{ Location, Folder, Reason string }

func (e *SourceError) Error() string {
	return fmt.Sprintf("source %q: folder %q %s", e.Location, e.Folder, e.Reason)
}

// Hint says which form a source has.
func (e *SourceError) Hint() string {
	return "give the folder that has the source: --source https://github.com/acme/app.git=DIR"
}

// checkSources returns the folders of sources as absolute paths.
func checkSources(sources map[string]string) (map[string]string, error) {
	absolute := map[string]string{}
	for location, folder := range sources {
		info, err := os.Stat(folder)
		switch {
		case err != nil:
			return nil, &SourceError{location, folder, "isn't there"}
		case !info.IsDir():
			return nil, &SourceError{location, folder, "is no folder"}
		}
		if absolute[location], err = filepath.Abs(folder); err != nil {
			return nil, &SourceError{location, folder, err.Error()}
		}
	}
	return absolute, nil
}
