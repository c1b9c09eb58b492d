package codebuild

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// folder finds the local folder of a source; locations with and without ".git"
// mean the same.
func (s *Service) folder(location string) (string, bool) {
	for known, folder := range s.cfg.Sources {
		if plain(known) == plain(location) {
			return folder, true
		}
	}
	return "", false
}

func plain(location string) string {
	return strings.TrimSuffix(strings.TrimSuffix(location, "/"), ".git")
}

// download copies the source into the build's folder and finds out which
// version it is.
//
// Assumption A96: a source is a local folder, copied as it is, with changes that
// aren't committed and without the history. Of a git work tree only the version
// that is checked out can be built; without git every version is taken for the
// one that is there.
func (s *Service) download(ctx context.Context, r *run) *failure {
	b := &r.build.Build
	if err := os.Mkdir(r.source, 0o700); err != nil {
		return clientError("making the source folder: %v", err)
	}
	if b.Source.Type == types.SourceTypeNoSource {
		return nil
	}
	location := value(b.Source.Location)
	folder, ok := s.folder(location)
	if !ok {
		return clientError("the orgship sandbox has no folder for the source %s: start it with --source %s=DIR", location, location)
	}
	commit, f := version(ctx, folder, value(b.SourceVersion))
	if f != nil {
		return f
	}
	s.change(func() { b.ResolvedSourceVersion = commit })
	if err := copyFolder(r.source, folder); err != nil {
		return clientError("copying the source: %v", err)
	}
	return nil
}

// copyFolder copies a folder but for git's own.
func copyFolder(to, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		source, target := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		switch {
		case e.Name() == ".git":
		case e.IsDir():
			err = os.CopyFS(target, os.DirFS(source))
		default:
			err = copyFile(target, source, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(to, from string, e os.DirEntry) error {
	if e.Type()&os.ModeSymlink != 0 {
		link, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(link, to)
	}
	info, err := e.Info()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is neither a file, a folder nor a link", from)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm())
}

var commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// version returns the commit that is checked out in a folder, which has to be
// the version asked for; nil where no git tells.
func version(ctx context.Context, folder, asked string) (*string, *failure) {
	head := commit(ctx, folder, "HEAD")
	if head == "" {
		if commitID.MatchString(asked) {
			return &asked, nil
		}
		return nil, nil
	}
	if asked == "" {
		return &head, nil
	}
	found := commit(ctx, folder, asked)
	if found == "" {
		found = commit(ctx, folder, "origin/"+asked)
	}
	switch found {
	case head:
		return &head, nil
	case "":
		return nil, clientError("the source has no version %s in %s", asked, folder)
	}
	return nil, clientError("the source version %s is commit %s, but %s has %s checked out: check it out there", asked, found, folder, head)
}

// commit returns the commit that a revision means in a folder, "" for none.
func commit(ctx context.Context, folder, revision string) string {
	if _, err := os.Stat(filepath.Join(folder, ".git")); err != nil {
		return ""
	}
	out, err := exec.CommandContext(ctx, "git", "-C", folder, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}").Output()
	if err != nil {
		return "" // no such revision, or no git
	}
	return strings.TrimSpace(string(out))
}
