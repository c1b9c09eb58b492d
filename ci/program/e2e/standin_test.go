package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// standIn is this program where it is called dagger: it runs the scripts that the
// callers write for Dagger's shell, with the pipeline's own command line instead of
// containers. So the callers are tried where no engine is. Functions and flags that
// it doesn't know are refused; that the module has the same, TestCallers shows.
func standIn(args []string) int {
	err := interpret(args)
	var status interp.ExitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintln(os.Stderr, "Error:", err)
	return 2
}

func interpret(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "version":
		_, err := fmt.Println("dagger", pinned())
		return err
	case len(args) != 3 || args[0] != "--progress=logs" || args[1] != "-c":
		return fmt.Errorf("dagger isn't known to be called with %q", args)
	}
	script, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(args[2]), "")
	if err != nil {
		return err
	}
	shell, err := interp.New(interp.Params("-e", "-u", "-o", "pipefail"), interp.StdIO(nil, os.Stdout, os.Stderr),
		interp.CallHandler(noBuiltin), interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return selects }))
	if err != nil {
		return err
	}
	return shell.Run(context.Background(), script)
}

// beside is a file beside this program on the PATH.
func beside(name string) string {
	path, err := exec.LookPath("dagger")
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(path), name)
}

// pinned is the version of Dagger that the checkout names.
func pinned() string {
	var config struct {
		EngineVersion string `json:"engineVersion"`
	}
	if content, err := os.ReadFile("dagger.json"); err == nil {
		_ = json.Unmarshal(content, &config)
	}
	return config.EngineVersion
}

// noBuiltin makes functions of names, "." and "export" among them.
func noBuiltin(_ context.Context, args []string) ([]string, error) {
	args[0] = functionPrefix + args[0]
	return args, nil
}

// object is what a function returns: the module with its settings, or what a
// release left. Between functions it is a word.
type object struct {
	Settings map[string]string
	Folder   string // of the report, or of the program
	Status   int
}

const (
	objectPrefix   = "object:"
	functionPrefix = "function:"
	thisModule     = "."
)

// flagsOf are the flags of the functions that have some.
var flagsOf = map[string]string{
	thisModule:     "go-image credentials region role unit endpoint",
	"with-routing": "routing percent minutes",
	"ship":         "stack repository revision variant account parameter expect-body",
}

// selects runs one function, as Dagger's shell does: of the object that comes in,
// to the object that goes out.
func selects(ctx context.Context, args []string) error {
	hc := interp.HandlerCtx(ctx)
	args[0] = strings.TrimPrefix(args[0], functionPrefix)
	if strings.HasPrefix(args[0], objectPrefix) { // $report
		_, err := io.WriteString(hc.Stdout, args[0])
		return err
	}
	o := object{Settings: map[string]string{}}
	if args[0] != thisModule {
		if err := o.read(hc.Stdin); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
	}
	if names, ok := flagsOf[args[0]]; ok {
		if err := o.set(args[0], names, args[1:]); err != nil {
			return err
		}
	}
	switch args[0] {
	case thisModule, "with-routing", "files", "file":
	case "program":
		o.Folder = filepath.Dir(beside("orgship"))
	case "ship":
		if err := o.ship(ctx, hc.Stderr); err != nil {
			return err
		}
	case "export":
		return o.export(args[1])
	case "assert":
		return ended(o.Status)
	default:
		return fmt.Errorf("no function %q", args[0])
	}
	return o.write(hc.Stdout)
}

func (o *object) read(in io.Reader) error {
	word, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(string(word), objectPrefix))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, o)
}

func (o *object) write(out io.Writer) error {
	text, err := json.Marshal(o)
	if err == nil {
		_, err = io.WriteString(out, objectPrefix+base64.RawURLEncoding.EncodeToString(text))
	}
	return err
}

// set takes the flags of a function.
func (o *object) set(function, names string, args []string) error {
	flags := flag.NewFlagSet(function, flag.ContinueOnError)
	for name := range strings.FieldsSeq(names) {
		flags.Func(name, "", func(value string) error {
			o.Settings[name] = value
			return nil
		})
	}
	return flags.Parse(args)
}

// ship pushes and releases as the module's function does: see ci/release.go.
func (o *object) ship(ctx context.Context, log io.Writer) (err error) {
	if o.Folder, err = os.MkdirTemp("", "ship"); err != nil {
		return err
	}
	variant := strings.ToLower(cmp.Or(o.Settings["variant"], "GREEN"))
	tag := fmt.Sprintf("%s-%.12s", variant, o.Settings["revision"])
	common, err := o.common()
	if err != nil {
		return err
	}
	pushed, err := o.run(ctx, log, append([]string{"push", "demo:" + variant, o.Settings["repository"] + ":" + tag, "--version=" + tag, "--revision=" + o.Settings["revision"]}, common...))
	if err != nil {
		return err
	}
	expect := map[string]string{"green": "Hello World! (Green)", "blue": "Hello World! (Blue)"}[variant]
	if o.Settings["expect-body"] != "" {
		expect = o.Settings["expect-body"]
	}
	release := append([]string{
		"release", o.Settings["stack"], strings.TrimSpace(pushed), "--expect-body=" + expect, "--proxy=" + o.endpoint(),
		"--report=" + filepath.Join(o.Folder, "report.json"), "--markdown=" + filepath.Join(o.Folder, "report.md"),
	}, common...)
	release = append(release, o.given("account", "unit")...)
	for parameter := range strings.SplitSeq(o.Settings["parameter"], ",") { // a list
		release = append(release, "--parameter="+parameter)
	}
	if kind := o.Settings["routing"]; kind != "" {
		release = append(release, "--routing="+strings.ReplaceAll(strings.ToLower(kind), "_", "-")+":"+o.Settings["percent"]+":"+o.Settings["minutes"])
	}
	_, err = o.run(ctx, log, release)
	var status interp.ExitStatus
	if errors.As(err, &status) {
		if _, unwritten := os.Stat(filepath.Join(o.Folder, "report.json")); unwritten == nil {
			o.Status, err = int(status), nil // its report says why
		}
	}
	return err
}

// common are the flags of all that talks to AWS.
func (o *object) common() ([]string, error) {
	name, ok := strings.CutPrefix(o.Settings["credentials"], "env://")
	if !ok {
		return nil, fmt.Errorf("credentials %q: env://NAME is known here", o.Settings["credentials"])
	}
	file := filepath.Join(o.Folder, "credentials")
	flags := append(o.given("region", "role"), "--credentials="+file, "--endpoint="+o.endpoint(), "--speed=60")
	return flags, os.WriteFile(file, []byte(os.Getenv(name)), 0o600)
}

func (o *object) endpoint() string {
	return strings.Replace(o.Settings["endpoint"], "tcp://", "http://", 1)
}

// given are the flags of that name that have a value.
func (o *object) given(names ...string) (flags []string) {
	for _, name := range names {
		if o.Settings[name] != "" {
			flags = append(flags, "--"+name+"="+o.Settings[name])
		}
	}
	return flags
}

// run runs the command line, and returns what it printed.
func (o *object) run(ctx context.Context, log io.Writer, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, beside("orgship"), args...)
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, log
	err := cmd.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = ended(failed.ExitCode())
	}
	return stdout.String(), err
}

// ended is the error of an exit status, nil for 0.
func ended(status int) error {
	if status == 0 {
		return nil
	}
	return interp.ExitStatus(status) //nolint:gosec // it is one
}

// export copies what the object holds: a program to a file, a report into a folder.
func (o *object) export(to string) error {
	names := map[string]string{"report.json": "report.json", "report.md": "report.md"}
	if filepath.Base(to) == "orgship" {
		names, to = map[string]string{"orgship": filepath.Base(to)}, filepath.Dir(to)
	}
	for from, name := range names {
		content, err := os.ReadFile(filepath.Join(o.Folder, from))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), content, 0o755) //nolint:gosec // of a test
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newStandIn returns a folder for the PATH in which dagger is this program, beside
// the pipeline's command line.
func newStandIn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(dir, "dagger"))
	}
	if err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "orgship"), "./cmd/orgship")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}
