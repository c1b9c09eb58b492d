package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"

	"dagger.io/dagger"
	telemetry "github.com/dagger/otel-go"
)

// engine is the engine's session that this program runs in. It is connected to
// when it is first needed: most verbs never do.
type engine struct {
	getenv func(string) string
	shown  *spans // may be nil

	mu         sync.Mutex
	client     *dagger.Client
	registries map[int]*dagger.Service
	ways       []*forwarding // to the registries
}

func newEngine(getenv func(string) string, shown *spans) *engine {
	return &engine{getenv: getenv, shown: shown, registries: map[int]*dagger.Service{}}
}

// sessionError is a program that no engine has started.
type sessionError struct{}

func (*sessionError) Error() string {
	return "connecting to the engine: this program runs outside of any"
}

// Hint says which program is meant for a shell.
func (*sessionError) Hint() string {
	return "it is for the Dagger module alone; in a shell: go run ./cmd/orgship"
}

// connect returns the client of the session.
func (e *engine) connect(ctx context.Context) (*dagger.Client, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client != nil {
		return e.client, nil
	}
	if e.getenv("DAGGER_SESSION_PORT") == "" {
		return nil, &sessionError{}
	}
	client, err := dagger.Connect(context.WithoutCancel(ctx), dagger.WithLogOutput(io.Discard))
	if err != nil {
		return nil, fmt.Errorf("connecting to the engine: %w", err)
	}
	e.client = client
	return client, nil
}

// registry returns the way from the engine to a registry, given as host:port, if
// that listens on this container's loopback; else nil, and the engine finds it by
// itself.
func (e *engine) registry(ctx context.Context, host string) (*dagger.Service, error) {
	address, err := netip.ParseAddrPort(host)
	if err != nil || !address.Addr().IsLoopback() {
		return nil, nil
	}
	client, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	port := int(address.Port())
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.registries[port]; s != nil {
		return s, nil
	}
	// A port of its own: the engine takes services that are described alike for one, and
	// hands out the one of a program that has just ended.
	way, err := forwardFrom("0", host)
	if err != nil {
		return nil, err
	}
	var s *dagger.Service
	err = e.shown.aside(context.WithoutCancel(ctx), "the engine's way to registry "+host, func(ctx context.Context) (err error) {
		s, err = client.Host().Service([]dagger.PortForward{{Backend: way.port(), Frontend: port}}).Start(ctx)
		return err
	})
	if err != nil {
		_ = way.Close()
		return nil, fmt.Errorf("making registry %q known to the engine: %w", host, plain(err))
	}
	e.registries[port], e.ways = s, append(e.ways, way)
	return s, nil
}

// program returns the file of this program.
func (e *engine) program(client *dagger.Client) (*dagger.File, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program's own file: %w", err)
	}
	return client.Host().File(path), nil
}

// close ends the session's use; what was started in it ends with it.
func (e *engine) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client != nil {
		_ = e.client.Close()
	}
	for _, w := range e.ways {
		_ = w.Close()
	}
}

// plain is an error of the engine on one line, without the reference to its log
// that the engine puts at the end.
func plain(err error) error {
	text := telemetry.ErrorOriginRegex.ReplaceAllString(err.Error(), "")
	return &engineError{strings.Join(strings.Fields(text), " "), err}
}

// engineError is an error in plainer words.
type engineError struct {
	text string
	err  error
}

func (e *engineError) Error() string { return e.text }
func (e *engineError) Unwrap() error { return e.err }
