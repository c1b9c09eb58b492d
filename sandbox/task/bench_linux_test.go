package task_test

import (
	"context"
	"testing"

	"orgship/sandbox/task"
)

// BenchmarkStart starts and kills tasks of an image that is at hand.
func BenchmarkStart(b *testing.B) {
	r, image := newRuntime(b), newHub(b).app(b, "deaf")
	for b.Loop() {
		started, err := r.Start(b.Context(), task.Spec{Image: image, Username: "AWS", Password: password})
		if err != nil {
			b.Fatal(err)
		}
		if err := started.Stop(context.Background(), 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDial connects to a task, as a load balancer's proxy does.
func BenchmarkDial(b *testing.B) {
	started := start(b, newRuntime(b), task.Spec{Image: newHub(b).app(b, "serve", "80")})
	started.says(b, "ready")
	b.ResetTimer()
	for b.Loop() {
		conn, err := started.Dial(b.Context(), 80)
		if err != nil {
			b.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
