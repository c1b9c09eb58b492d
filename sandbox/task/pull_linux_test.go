package task_test

import (
	"errors"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"orgship/sandbox/task"
)

func TestPullErrors(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	image := h.app(t, "exit", "0")
	repository, _, _ := strings.Cut(image, "@")
	for name, c := range map[string]struct{ image, password, want string }{
		"wrong password":   {image, "wrong", "401"},
		"no such digest":   {repository + "@sha256:" + strings.Repeat("0", 64), password, "manifest unknown"},
		"no such image":    {h.host + "/111111111111/nothing:latest", password, "name unknown"},
		"bad reference":    {h.host + "/UPPER:case", password, "could not parse reference"},
		"nobody listening": {"127.0.0.1:1/a/b:c", password, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := r.Start(t.Context(), task.Spec{Image: c.image, Username: "AWS", Password: c.password})
			typed := (*task.PullError)(nil)
			if !errors.As(err, &typed) || !strings.Contains(typed.Reason, c.want) || typed.Image != c.image {
				t.Errorf("error %v", err)
			}
			if strings.Contains(err.Error(), password) {
				t.Error("the error tells the password")
			}
		})
	}
}

// TestEachTaskAsksTheRegistry starts an image that is at hand already: who may
// not pull it any more is refused all the same.
func TestEachTaskAsksTheRegistry(t *testing.T) {
	t.Parallel()
	for what, path := range map[string]string{"the manifest": "/manifests/", "the layers": "/blobs/"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r, h := newRuntime(t), newHub(t)
			image := h.app(t, "exit", "0")
			start(t, r, task.Spec{Image: image}).ends(t)
			h.refuse(path)
			_, err := r.Start(t.Context(), task.Spec{Image: image, Username: "AWS", Password: password})
			typed := (*task.PullError)(nil)
			if !errors.As(err, &typed) || typed.Reason != "denied: User: arn:aws:sts::1:x is not authorized to perform: ecr:BatchGetImage" {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestBrokenLayer pulls an image with an archive that cannot be read.
func TestBrokenLayer(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	image := h.push(t, v1.Config{Entrypoint: []string{"/app"}}, static.NewLayer([]byte(strings.Repeat("no archive", 100)), types.DockerUncompressedLayer))
	_, err := r.Start(t.Context(), task.Spec{Image: image, Username: "AWS", Password: password})
	if typed := (*task.PullError)(nil); !errors.As(err, &typed) {
		t.Errorf("error %v", err)
	}
}
