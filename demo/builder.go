package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os/exec"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/dockerfiles"
	"orgship/image"
)

// Builder makes the app's images, one call at a time. The versions share the
// layer with the program, and a version that is built again is the same image:
// the story claims both.
type Builder interface {
	// About is the line of the story that says how.
	About() string
	// Build returns the image of a version, for the platform that its tasks run on.
	Build(ctx context.Context, v Version) (v1.Image, error)
}

// Version says what is in an image of the demo app.
type Version struct {
	Tag        string // build argument VERSION: "2.0.0"
	Revision   string // build argument REVISION, which the image's label repeats: 40 hex digits
	Dockerfile string // a file of the folder dockerfiles: "Dockerfile.green"
	// Variant is the word that it greets with. Where that isn't the Dockerfile's
	// own, it overrides the environment variable VARIANT.
	Variant string
}

// versions returns the three of the story. The third greets with a word that
// nobody expects.
func versions() (blue, green, wrong Version) {
	return newVersion("1.0.0", "Blue", "Dockerfile.blue"), newVersion("2.0.0", "Green", "Dockerfile.green"), newVersion("3.0.0", "Purple", "Dockerfile.green")
}

func newVersion(tag, variant, dockerfile string) Version {
	v := Version{Tag: tag, Variant: variant, Dockerfile: dockerfile}
	v.Revision = Revision(tag, variant, v.source())
	return v
}

// source returns the content of the Dockerfile.
func (v Version) source() []byte {
	if v.Dockerfile == "Dockerfile.blue" {
		return dockerfiles.Blue()
	}
	return dockerfiles.Green()
}

// Revision stands in for the commit that a real build has, in 40 hex digits: it
// tells which source and settings an image of the demo app is made of.
func Revision(version, variant string, dockerfile []byte) string {
	sum := sha256.Sum256(slices.Concat([]byte(version+variant), dockerfile, dockerfiles.Hello()))
	return hex.EncodeToString(sum[:20])
}

// assembler builds without Docker. The app is compiled once for all versions.
type assembler struct {
	note   func(format string, args ...any)
	binary *image.Binary // nil before the first version
}

// newAssembler returns a builder, or an *image.ToolchainError.
func newAssembler(note func(string, ...any)) (*assembler, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, &image.ToolchainError{Err: err}
	}
	return &assembler{note: note}, nil
}

// About implements Builder.
func (*assembler) About() string {
	return "without Docker: the Go toolchain compiles dockerfiles/hello, go-containerregistry makes the images, with the Dockerfiles' settings"
}

// Build implements Builder.
func (a *assembler) Build(ctx context.Context, v Version) (v1.Image, error) {
	if a.binary == nil {
		if err := a.compile(ctx); err != nil {
			return nil, err
		}
	}
	return image.Assemble(a.binary, image.Options{
		Dockerfile: v.source(), Version: v.Tag, Revision: v.Revision, Env: map[string]string{"VARIANT": v.Variant},
	})
}

func (a *assembler) compile(ctx context.Context) (err error) {
	slow := time.AfterFunc(3*time.Second, func() { a.note("still compiling: the first time, the standard library is compiled along") })
	defer slow.Stop()
	a.binary, err = image.Compile(ctx, dockerfiles.Hello(), image.Host())
	return err
}
