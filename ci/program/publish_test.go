package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"orgship/cli"
	"orgship/pipeline/registry"
)

func TestFound(t *testing.T) {
	t.Parallel()
	broken := errors.New("no network")
	for _, tt := range []struct {
		name   string
		answer error
		digest string
		want   error
	}{
		{"there", nil, "sha256:1", nil},
		{"free", fmt.Errorf("finding: %w", registry.ErrImageNotFound), "", nil},
		{"not to be looked at", fmt.Errorf("finding: %w", registry.ErrDenied), "", nil},
		{"no repository", registry.ErrRepositoryNotFound, "", registry.ErrRepositoryNotFound},
		{"no answer", broken, "", broken},
	} {
		to := cli.Destination{Repository: "host/111111111111/hello", Tag: "1", Find: func(_ context.Context, reference string) (registry.Image, error) {
			if reference != "host/111111111111/hello:1" {
				t.Errorf("%s: asked for %q", tt.name, reference)
			}
			return registry.Image{Digest: tt.digest}, tt.answer
		}}
		if got, err := found(t.Context(), to); got != tt.digest || !errors.Is(err, tt.want) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, said, have string
		taken            bool
	}{
		{"the tag is another image's", "tag is immutable", "sha256:2", true},
		{"somebody pushed the same", "tag is immutable", "sha256:1", false},
		{"anything else", "no space left", "sha256:2", false},
		{"nothing is there", "tag is immutable", "", false},
	} {
		to := cli.Destination{Repository: "host/111111111111/hello", Tag: "1", Find: func(context.Context, string) (registry.Image, error) {
			return registry.Image{Digest: tt.have}, nil
		}}
		err := refusal(t.Context(), to, "sha256:1", errors.New(tt.said))
		var taken *registry.TagTakenError
		if errors.As(err, &taken) != tt.taken || !strings.HasPrefix(err.Error(), "pushing to host/111111111111/hello:1: ") {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.taken && *taken != (registry.TagTakenError{Repository: "host/111111111111/hello", Tag: "1", Have: "sha256:2", Want: "sha256:1"}) {
			t.Errorf("%s: %+v", tt.name, taken)
		}
	}
}
