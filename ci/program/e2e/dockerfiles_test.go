package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/dockerfiles"
	"orgship/image"
	"orgship/pipeline/registry"
)

// TestDockerfiles compares what the engine builds of the two Dockerfiles with what
// is assembled of them without an engine.
func TestDockerfiles(t *testing.T) {
	t.Parallel()
	c := call{world: need(t), dir: t.TempDir()}
	c.shell(t, dockerfileScript("blue.tar", "--variant BLUE --version 1.2.3 --revision abc")+"; "+
		dockerfileScript("green.tar", "--variant GREEN --version 1.2.3 --revision abc")).ok(t)
	program, err := image.Compile(t.Context(), dockerfiles.Hello(), image.Host())
	if err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string][]byte{"blue": dockerfiles.Blue(), "green": dockerfiles.Green()} {
		assembled, err := image.Assemble(program, image.Options{Dockerfile: source, Version: "1.2.3", Revision: "abc"})
		if err != nil {
			t.Fatal(err)
		}
		want, got := configOf(t, assembled), dockerfileBuilt(t, c, name+".tar")
		got.Config.Env = slices.DeleteFunc(got.Config.Env, func(e string) bool { return strings.HasPrefix(e, "PATH=") }) // BuildKit gives one to each image
		if diff := cmp.Diff(want.Config, got.Config); diff != "" {
			t.Errorf("%s: the settings (-assembled +built):\n%s", name, diff)
		}
		if want.OS != got.OS || want.Architecture != got.Architecture {
			t.Errorf("%s: built for %s/%s", name, got.OS, got.Architecture)
		}
	}
}

// TestOwnDockerfile builds a Dockerfile that isn't the demo's, and the demo's on
// another base image.
func TestOwnDockerfile(t *testing.T) {
	t.Parallel()
	inFull(t)
	c := call{world: need(t), dir: t.TempDir()}
	dockerfileWrite(t, c.dir, "Containerfile", "FROM scratch AS first\nARG WHO=nobody\nLABEL who=${WHO}\nCOPY word /word\nFROM first\nLABEL stage=last\n")
	dockerfileWrite(t, c.dir, "word", "a word\n")
	dockerfileWrite(t, c.dir, "Broken", "FROM scratch\nCOPY not-there /\n")
	own := "--context $(host | directory " + quote(c.dir) + ") --dockerfile Containerfile --build-arg WHO=me"
	script := dockerfileScript("last.tar", own) + "; " + dockerfileScript("first.tar", own+" --target first")
	if c.base != "" {
		script += "; " + dockerfileScript("based.tar", "--variant GREEN --build-arg BASE_IMAGE="+c.base)
	}
	c.shell(t, script).ok(t)
	for file, want := range map[string]map[string]string{"last.tar": {"who": "me", "stage": "last"}, "first.tar": {"who": "me"}} {
		if diff := cmp.Diff(want, dockerfileBuilt(t, c, file).Config.Labels); diff != "" {
			t.Errorf("%s: the labels (-want +got):\n%s", file, diff)
		}
	}
	t.Run("on a base image", func(t *testing.T) {
		if c.base == "" {
			t.Skip("SKIP: ORGSHIP_GO_IMAGE is set, so there is no registry with a base image")
		}
		got := dockerfileBuilt(t, c, "based.tar")
		if first := got.RootFS.DiffIDs[0].String(); first != c.marker || got.Config.Labels["base"] != "marker" || got.Config.Labels["org.opencontainers.image.title"] != "hello" {
			t.Errorf("the first layer is %s, not the base's %s; labels %v", first, c.marker, got.Config.Labels)
		}
	})
	t.Run("that fails", func(t *testing.T) {
		r := c.call(t, "image", "--context="+c.dir, "--dockerfile=Broken", "sync")
		if last := lastLine(r.stderr); r.status == 0 || !strings.Contains(last, "not-there") || strings.Contains(r.stderr, "goroutine ") {
			t.Errorf("the last line is %q: %s", last, r)
		}
	})
}

// dockerfileScript writes an image to a file.
func dockerfileScript(file, arguments string) string {
	return fmt.Sprintf("$o | image %s | as-tarball | export %s", arguments, file)
}

// dockerfileBuilt reads the configuration of an image that a script wrote.
func dockerfileBuilt(t *testing.T, c call, file string) *v1.ConfigFile {
	t.Helper()
	built, err := registry.Load(filepath.Join(c.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return configOf(t, built.Image)
}

// configOf is an image's configuration, to change at will.
func configOf(t *testing.T, image v1.Image) *v1.ConfigFile {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return config.DeepCopy()
}

// dockerfileWrite writes a file of a build context.
func dockerfileWrite(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
