package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	sdk "dagger.io/dagger"

	"orgship/sandbox"
)

// served is what the tests of serve know of the sandbox that it starts.
const (
	serveURL  = "http://127.0.0.1:4566/"
	serveRepo = "127.0.0.1:4566/" + shared + "/" + repository
	serveKey  = `{"Version": 1, "AccessKeyId": "AKIAMADEUPFORTESTS00", "SecretAccessKey": "` + planted + `serve"}`
)

// TestServe drives the module with Dagger's Go SDK: serve starts a sandbox as a
// service of the engine, and other functions take it as their endpoint.
func TestServe(t *testing.T) {
	s := newServeSession(t)
	key := s.secret(t, "serve-key", serveKey)
	service := s.ask(t, fmt.Sprintf(`serve(key: %q) { id }`, key)).field("serve", "id")
	s.arguments += fmt.Sprintf(`, credentials: %q, endpoint: %q`, key, service)

	t.Run("answers in AWS's words", func(t *testing.T) {
		for status, want := range map[int]string{403: "SUCCESSFUL", 200: "FAILED"} {
			got := s.ask(t, fmt.Sprintf(`withExpectation(status: %d, pattern: "<Code>MissingAuthenticationToken</Code>") {
				verify(url: %q, deadline: "3s", interval: "100ms") { verdict } }`, status, serveURL)).field("withExpectation", "verify", "verdict")
			if got != want {
				t.Errorf("an unsigned request, answered with %d: %s, want %s", status, got, want)
			}
		}
	})
	t.Run("share", func(t *testing.T) {
		if got := strings.TrimSpace(s.of(unit).ask(t, `share(account: "shared-services") { result }`).field("share", "result")); got != serveRepo {
			t.Errorf("the repository is %q, want %q", got, serveRepo)
		}
		for account, want := range map[string]string{"dev-1": "SUCCESSFUL", "prod-1": "FAILED"} {
			if got := s.ask(t, fmt.Sprintf(`access(image: %q, account: [%q]) { verdict }`, serveRepo, account)).field("access", "verdict"); got != want {
				t.Errorf("may %s pull: %s, want %s", account, got, want)
			}
		}
	})
	t.Run("release", func(t *testing.T) {
		inFull(t)
		s.release(t)
	})
	if strings.Contains(s.log.String(), planted) {
		t.Error("the log shows the key's secret")
	}
}

// release publishes an image of the engine's and releases it as containers of the
// engine.
func (s *serveSession) release(t *testing.T) {
	t.Helper()
	image := s.ask(t, `image(version: "1.0.0", revision: "served-1") { id }`).field("image", "id")
	reference := strings.TrimSpace(s.ask(t, fmt.Sprintf(`publish(image: %q, repository: %q)`, image, serveRepo+":1.0.0")).field("publish"))
	if !strings.HasPrefix(reference, serveRepo+"@sha256:") {
		t.Errorf("the image is %q", reference)
	}
	answer := s.ask(t, fmt.Sprintf(`release(stack: "hello", image: %q, account: "dev-1", parameter: %s, expectBody: "Hello World! (Blue)") { verdict trouble json }`,
		serveRepo+":1.0.0", serveNetwork(t)))
	if got := answer.field("release", "verdict"); got != "SUCCESSFUL" {
		t.Fatalf("the release: %s: %s\n%s", got, answer.field("release", "trouble"), s.log)
	}
	var report struct {
		Verdict, Outcome string
		Image            struct{ Reference, Revision string }
	}
	if err := json.Unmarshal([]byte(answer.field("release", "json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Verdict != "successful" || report.Outcome != "released" || report.Image.Reference != reference || report.Image.Revision != "served-1" {
		t.Errorf("the report says %+v, the image is %s", report, reference)
	}
}

// serveNetwork are the parameters of the demo's stack in dev-1, as a list of
// GraphQL. A sandbox derives a network's ids from its account's: each has the same.
func serveNetwork(t *testing.T) string {
	t.Helper()
	same, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = same.Close(context.WithoutCancel(t.Context())) }) // nothing runs in it
	list, err := json.Marshal(strings.Split((&box{Sandbox: same}).network(t, "dev-1"), ","))
	if err != nil {
		t.Fatal(err)
	}
	return string(list)
}

// serveSession is a session of Dagger's Go SDK with the module in it.
type serveSession struct {
	client    *sdk.Client
	arguments string // of the module itself, in GraphQL
	log       *serveLog
}

// serveLog keeps a session's log while it is written.
type serveLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *serveLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *serveLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newServeSession opens a session and loads the module.
func newServeSession(t *testing.T) *serveSession {
	t.Helper()
	w := need(t)
	cli, err := exec.LookPath("dagger")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("_EXPERIMENTAL_DAGGER_CLI_BIN", cli) // else the SDK downloads one
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	t.Cleanup(cancel)
	s := &serveSession{arguments: fmt.Sprintf("goImage: %q", w.goImage), log: &serveLog{}}
	s.client, err = sdk.Connect(ctx, sdk.WithLogOutput(s.log), sdk.WithWorkdir(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.client.Close() }) // the session ends with the test in any case
	if err := s.client.ModuleSource(w.module).AsModule().Serve(ctx); err != nil {
		t.Fatalf("loading the module: %s\n%s", err, s.log)
	}
	return s
}

// of returns the session with the module's unit set.
func (s *serveSession) of(unit string) *serveSession {
	return &serveSession{s.client, s.arguments + fmt.Sprintf(", unit: %q", unit), s.log}
}

// secret puts a secret into the session, and returns its id.
func (s *serveSession) secret(t *testing.T, name, value string) string {
	t.Helper()
	id, err := s.client.SetSecret(name, value).ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(id)
}

// ask asks something of the module, in GraphQL.
func (s *serveSession) ask(t *testing.T, selection string) serveAnswer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	defer cancel()
	var data struct{ Orgship map[string]any }
	query := &sdk.Request{Query: fmt.Sprintf(`{ orgship(%s) { %s } }`, s.arguments, selection)}
	if err := s.client.Do(ctx, query, &sdk.Response{Data: &data}); err != nil {
		t.Fatalf("%s: %s\n%s", selection, err, s.log)
	}
	return serveAnswer{t, data.Orgship}
}

// serveAnswer is what a query came to.
type serveAnswer struct {
	t     *testing.T
	value any
}

// field returns the text at a path.
func (a serveAnswer) field(path ...string) string {
	a.t.Helper()
	value := a.value
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, ok := value.(string)
	if !ok {
		a.t.Fatalf("no text at %v of %v", path, a.value)
	}
	return text
}
