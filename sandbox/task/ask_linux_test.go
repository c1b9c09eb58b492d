package task_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/task"
)

// Who may pull learns what to run, who may not is told so, of each layer too.
func TestAsk(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	image := h.app(t, "exit", "0")
	spec := task.Spec{Image: image, Username: "AWS", Password: password, Command: []string{"wait"}}
	got, err := task.Ask(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	_, digest, _ := strings.Cut(image, "@")
	argv := append(append([]string{}, got.Config.Entrypoint...), "wait")
	if diff := cmp.Diff(argv, got.Argv); diff != "" || got.Digest != digest || got.StopSignal != syscall.SIGTERM {
		t.Errorf("digest %s, signal %v, argv (-want +got):\n%s", got.Digest, got.StopSignal, diff)
	}
	spec.Password = "wrong"
	refused := (*task.PullError)(nil)
	if _, err := task.Ask(t.Context(), spec); !errors.As(err, &refused) {
		t.Errorf("wrong password: %v", err)
	}
	spec.Password = password
	h.refuse("/blobs/")
	if _, err := task.Ask(t.Context(), spec); !errors.As(err, &refused) || !strings.HasPrefix(refused.Reason, "denied: ") {
		t.Errorf("no right to the layers: %v", err)
	}
}
