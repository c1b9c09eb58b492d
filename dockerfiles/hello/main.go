// Hello is the demo app: a web server that greets with the variant it was
// built as, and says with each answer which version and image it is.
//
// It is one file on the standard library alone, so that it builds without a
// module, in a container and out of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	address = ":8080"
	// drainTime bounds what SIGTERM waits for; the task definition gives the
	// container 30 seconds before it is killed.
	drainTime = 25 * time.Second
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Getenv, log)
	stop()
	if err != nil {
		log.Error(err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, getenv func(string) string, log *slog.Logger) error {
	a, err := newApp(getenv, log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	log.Info("listening", "address", listener.Addr(), "variant", a.variant, "version", a.version, "revision", a.revision)
	return a.serve(ctx, listener)
}

// app is one build of the greeting, named by its environment.
type app struct {
	variant, version, revision string

	handler   http.Handler
	draining  atomic.Bool
	drainTime time.Duration
	log       *slog.Logger
}

func newApp(getenv func(string) string, log *slog.Logger) (*app, error) {
	a := &app{
		variant: getenv("VARIANT"), version: getenv("VERSION"), revision: getenv("REVISION"),
		drainTime: drainTime, log: log,
	}
	if a.variant == "" {
		return nil, errors.New("the environment variable VARIANT is not set (Blue or Green)")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.greet)
	mux.HandleFunc("GET /healthz", a.health)
	a.handler = a.named(mux)
	return a, nil
}

func (a *app) greet(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintf(w, "Hello World! (%s)\n", a.variant) // a client that is gone
}

// health is what the target group asks for.
func (a *app) health(w http.ResponseWriter, _ *http.Request) {
	if a.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

// named puts into each answer who gave it.
func (a *app) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-App-Version", a.version)
		h.Set("X-Image-Revision", a.revision)
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// serve answers until ctx ends, then drains: it takes no new connections, closes
// those that are idle and finishes open requests within the drain time. ECS
// stops sending a task requests before it signals it.
func (a *app) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           a.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       75 * time.Second, // longer than a load balancer's 60 s, so that it is never us who close first
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	a.log.Info("draining")
	a.draining.Store(true)
	server.SetKeepAlivesEnabled(false)
	limit, cancel := context.WithTimeout(context.Background(), a.drainTime)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		_ = server.Close() // what is still open is cut, which the error says
		return fmt.Errorf("draining for %s: %w", a.drainTime, err)
	}
	a.log.Info("drained")
	return nil
}
