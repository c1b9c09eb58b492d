package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Binary is a compiled app.
type Binary struct {
	content  []byte
	platform v1.Platform
}

// ToolchainError says that there is no Go toolchain to compile with.
type ToolchainError struct{ Err error }

func (e *ToolchainError) Error() string {
	return fmt.Sprintf("compiling the demo app without Docker needs the Go toolchain: %v", e.Err)
}

// Unwrap returns what looking for the toolchain gave.
func (e *ToolchainError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *ToolchainError) Hint() string {
	return "install Go 1.26 or later (https://go.dev/dl) and put its bin folder on PATH"
}

// Compile builds a Go program of one source file, on the standard library
// alone, for a platform: static, and the same bytes for the same source and Go
// release. Without a Go toolchain on PATH the error is a *ToolchainError.
func Compile(ctx context.Context, source []byte, platform v1.Platform) (*Binary, error) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return nil, &ToolchainError{Err: err}
	}
	if platform.OS != "linux" {
		return nil, fmt.Errorf("compiling the demo app: images are for linux, not %q", platform.OS)
	}
	dir, err := os.MkdirTemp("", "orgship-image-")
	if err != nil {
		return nil, fmt.Errorf("compiling the demo app: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what stays lies in the temporary folder
	if err := os.WriteFile(filepath.Join(dir, "main.go"), source, 0o600); err != nil {
		return nil, fmt.Errorf("compiling the demo app: %w", err)
	}
	content, err := build(ctx, goCommand, dir, platform)
	if err != nil {
		return nil, fmt.Errorf("compiling the demo app: %w", err)
	}
	return &Binary{content: content, platform: platform}, nil
}

// build runs the command of the Dockerfile's RUN line; a test compares them.
func build(ctx context.Context, goCommand, dir string, platform v1.Platform) ([]byte, error) {
	command := exec.CommandContext(ctx, goCommand, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", "app", "main.go")
	command.Dir = dir
	// Settings of the user's that would change the result are set back.
	command.Env = append(os.Environ(),
		"CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Architecture,
		"GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "GOTOOLCHAIN=local", "GOEXPERIMENT=", "GOAMD64=", "GOARM64=",
	)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if text := strings.TrimSpace(output.String()); text != "" {
			err = errors.New(text)
		}
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "app"))
}
