package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// runner runs the steps of a job as GitHub's does, as far as our workflows go: the
// scripts in their order, each in a shell, with expressions evaluated, and with
// files for outputs, summary and path. Actions are left to the test: the repository
// is checked out already.
type runner struct {
	dir          string            // the repository
	vars, inputs map[string]string // of the environment; of the event
	env          map[string]string // beside the machine's own
	failing      bool              // a step has failed
	status       int               // of the first that failed
	outputs      map[string]map[string]string
	summary, log string
}

// run runs a job.
func (r *runner) run(t *testing.T, job *actionlint.Job) {
	t.Helper()
	r.outputs = map[string]map[string]string{}
	for _, step := range job.Steps {
		script, ok := step.Exec.(*actionlint.ExecRun)
		if !ok || !r.wanted(t, step) {
			continue
		}
		env := maps.Clone(r.env)
		for _, of := range []*actionlint.Env{job.Env, step.Env} {
			if of == nil {
				continue
			}
			for _, v := range of.Vars {
				env[v.Name.Value] = r.expand(t, v.Value.Value)
			}
		}
		r.step(t, step, script.Run.Value, env)
	}
}

// step runs a script. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func (r *runner) step(t *testing.T, step *actionlint.Step, script string, env map[string]string) {
	t.Helper()
	files := t.TempDir()
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH", "GITHUB_ENV"} {
		env[name] = filepath.Join(files, name)
		if err := os.WriteFile(env[name], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
	cmd.Dir, cmd.Env = r.dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended) && !r.failing:
		r.failing, r.status = true, ended.ExitCode()
	case err != nil && ended == nil:
		t.Fatal(err)
	}
	said := colours.ReplaceAllString(log.String(), "")
	r.log += fmt.Sprintf("--- %s\n%s", script, said)
	r.summary += read(t, env["GITHUB_STEP_SUMMARY"])
	if step.ID != nil {
		r.outputs[step.ID.Value] = outputs(t, read(t, env["GITHUB_OUTPUT"]))
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// outputs parses a file of outputs: name=value, or name<<delimiter with lines.
func outputs(t *testing.T, text string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for lines := strings.Split(text, "\n"); len(lines) > 0; lines = lines[1:] {
		name, delimiter, many := strings.Cut(lines[0], "<<")
		if !many {
			if name, value, ok := strings.Cut(lines[0], "="); ok {
				found[name] = value
			}
			continue
		}
		end := slices.Index(lines, delimiter)
		if end < 0 {
			t.Fatalf("output %s has no end: %q", name, text)
		}
		found[name], lines = strings.Join(lines[1:end], "\n"), lines[end:]
	}
	return found
}

// wanted tells whether a step runs: by its condition, else as long as none failed.
func (r *runner) wanted(t *testing.T, step *actionlint.Step) bool {
	t.Helper()
	if step.If == nil {
		return !r.failing
	}
	return r.truth(r.expression(t, strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(step.If.Value), "${{"), "}}")))
}

var expressions = regexp.MustCompile(`\$\{\{(.*?)\}\}`)

// expand replaces the expressions in a text.
func (r *runner) expand(t *testing.T, text string) string {
	t.Helper()
	return expressions.ReplaceAllStringFunc(text, func(e string) string {
		return fmt.Sprint(r.expression(t, expressions.FindStringSubmatch(e)[1]))
	})
}

func (r *runner) expression(t *testing.T, source string) any {
	t.Helper()
	node, err := actionlint.NewExprParser().Parse(actionlint.NewExprLexer(source + "}}"))
	if err != nil {
		t.Fatalf("expression %q: %v", source, err)
	}
	return r.value(t, node)
}

func (r *runner) truth(value any) bool { return value != "" && value != false }

// value evaluates an expression: a string or a bool.
// https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
func (r *runner) value(t *testing.T, node actionlint.ExprNode) any {
	t.Helper()
	switch n := node.(type) {
	case *actionlint.StringNode:
		return n.Value
	case *actionlint.NotOpNode:
		return !r.truth(r.value(t, n.Operand))
	case *actionlint.LogicalOpNode:
		left := r.value(t, n.Left)
		if r.truth(left) == (n.Kind == actionlint.LogicalOpNodeKindOr) {
			return left
		}
		return r.value(t, n.Right)
	case *actionlint.CompareOpNode:
		same := strings.EqualFold(fmt.Sprint(r.value(t, n.Left)), fmt.Sprint(r.value(t, n.Right)))
		return same == (n.Kind == actionlint.CompareOpNodeKindEq)
	case *actionlint.ObjectDerefNode:
		if from, ok := n.Receiver.(*actionlint.VariableNode); ok {
			if values, ok := map[string]map[string]string{"vars": r.vars, "inputs": r.inputs}[from.Name]; ok {
				return values[strings.ToUpper(n.Property)] + values[n.Property] // names are found whatever their case
			}
		}
	case *actionlint.FuncCallNode:
		switch strings.ToLower(n.Callee) {
		case "cancelled":
			return false
		case "hashfiles":
			found, _ := filepath.Glob(filepath.Join(r.dir, fmt.Sprint(r.value(t, n.Args[0]))))
			return strings.Join(found, ",")
		}
	}
	t.Fatalf("this expression isn't evaluated here: %T", node)
	return nil
}
