package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"orgship/cli"
	"orgship/sandbox"
)

// logged is orgship; what it prints goes to a log too, in which no secret may be.
func logged() {
	log := io.Discard
	if name := os.Getenv("ORGSHIP_TEST_LOG"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		log = io.Writer(f)
	}
	os.Exit(cli.Run(cli.Program{
		Args: os.Args[1:], Stdin: os.Stdin, Getenv: os.Getenv,
		Stdout: io.MultiWriter(os.Stdout, log), Stderr: io.MultiWriter(os.Stderr, log),
	}))
}

// TestScripts runs the stories in testdata/script. Beside testscript's own
// commands they have
//
//	box             starts a sandbox; orgship finds it by its environment, as the management account
//	as NAME         from now on orgship has the credentials of another account
//	state FILE      writes down what there is in the sandbox
//
// and the condition [tasks]: this machine can run tasks.
//
// creds/NAME.json holds the credentials of each account. After each script all
// that orgship printed, and all files that it wrote, are searched for secrets.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: prepare, Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"box": startBox, "as": become, "state": writeState,
		},
	})
}

// boxKey finds a script's box.
type boxKey struct{}

// box is a sandbox for a script, behind a handler that notes each secret that
// it hands out.
type box struct {
	*sandbox.Sandbox
	server *httptest.Server
	log    *os.File

	mu      sync.Mutex
	secrets []string
}

func prepare(env *testscript.Env) error {
	b := &box{}
	env.Values[boxKey{}] = b
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"ORGSHIP_TEST_LOG": filepath.Join(env.WorkDir, "everything.log"), "GOCACHE": os.Getenv("GOCACHE"), "HOME": os.Getenv("HOME"),
		"BIN": filepath.SplitList(env.Getenv("PATH"))[0], // holds orgship alone
	} {
		env.Setenv(name, value)
	}
	env.Defer(func() {
		b.close(env.T())
		search(env.T(), env.WorkDir, b.secrets)
	})
	return nil
}

// planted is in every secret access key of a box.
const planted = "CANARY"

func startBox(ts *testscript.TestScript, neg bool, args []string) {
	b := ts.Value(boxKey{}).(*box)
	secrets := map[string]string{}
	for _, id := range []string{"111111111111", "222222222222", "333333333333", "444444444444", "555555555555", "999999999999"} {
		secrets[id] = planted + strings.Repeat(id[:1], 34)
	}
	var err error
	b.log, err = os.Create(ts.MkAbs("sandbox.log"))
	ts.Check(err)
	b.Sandbox, err = sandbox.New(sandbox.Options{
		Speed: 120, Secrets: secrets, Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ts.Check(err)
	ts.Check(b.Listen("127.0.0.1:0"))
	b.server = httptest.NewServer(http.HandlerFunc(b.serve))
	for _, a := range b.Accounts() {
		credentials, err := json.Marshal(map[string]any{"Version": 1, "AccessKeyId": a.AccessKeyID, "SecretAccessKey": a.SecretAccessKey})
		ts.Check(err)
		ts.Check(os.MkdirAll(ts.MkAbs("creds"), 0o700))
		ts.Check(os.WriteFile(ts.MkAbs("creds/"+a.Name+".json"), credentials, 0o600))
	}
	dev, _ := b.Account("dev-1")
	host := strings.TrimPrefix(b.Endpoint(), "http://")
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": b.server.URL, "AWS_REGION": b.Info().Region, "ORGSHIP_SPEED": "120",
		"HOST": host, "REPO": host + "/111111111111/demoecshwapp-ecr-repo",
		"VPC": dev.VPCID, "SUBNET1": dev.SubnetIDs[0], "SUBNET2": dev.SubnetIDs[1],
	} {
		ts.Setenv(name, value)
	}
	become(ts, false, []string{"management"})
}

var secretFields = regexp.MustCompile(`<(?:SecretAccessKey|SessionToken)>([^<]+)<|"authorizationToken":"([^"]+)"`)

// serve passes a request on, and notes the secrets in the answer.
func (b *box) serve(w http.ResponseWriter, r *http.Request) {
	var answer bytes.Buffer
	b.ServeHTTP(&tee{w, &answer}, r)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, found := range secretFields.FindAllStringSubmatch(answer.String(), -1) {
		b.secrets = append(b.secrets, found[1]+found[2])
	}
}

type tee struct {
	http.ResponseWriter
	copy *bytes.Buffer
}

func (t *tee) Write(p []byte) (int, error) {
	t.copy.Write(p)
	return t.ResponseWriter.Write(p)
}

func (b *box) close(t testscript.T) {
	if b.Sandbox == nil {
		return
	}
	b.server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := errors.Join(b.Close(ctx), b.log.Close()); err != nil {
		t.Fatal(err)
	}
	if len(b.secrets) == 0 {
		t.Fatal("no secret was handed out: the search for secrets would be for nothing")
	}
}

// search looks for secrets in everything that was printed or written.
func search(t testscript.T, dir string, secrets []string) {
	secrets = append(secrets, planted)
	files := 0 // the script's own are among them
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "creds":
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				return fmt.Errorf("%s holds the secret %q", path, secret)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		t.Fatal(err)
	case files == 0:
		t.Fatal("nothing to search for secrets")
	}
}

func become(ts *testscript.TestScript, neg bool, args []string) {
	b := ts.Value(boxKey{}).(*box)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: as NAME")
	}
	a, ok := b.Account(args[0])
	if !ok {
		ts.Fatalf("no account %q", args[0])
	}
	ts.Setenv("AWS_ACCESS_KEY_ID", a.AccessKeyID)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", a.SecretAccessKey)
}

func writeState(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: state FILE")
	}
	state, err := ts.Value(boxKey{}).(*box).State(context.Background())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(state.String()), 0o600))
}

// condition is [tasks]: this machine can run tasks.
func condition(name string) (bool, error) {
	if name != "tasks" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return canRunTasks(), nil
}

// canRunTasks tries it once.
var canRunTasks = sync.OnceValue(func() bool {
	b, err := sandbox.New(sandbox.Options{})
	if err != nil {
		return false
	}
	defer b.Close(context.Background())
	return b.CanRunTasks() == nil
})
