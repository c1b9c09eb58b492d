package main

import (
	"context"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"orgship/ci/internal/dagger"
)

// The files of a report.
const (
	documentName = "report.json"
	markdownName = "report.md"
)

// What a step came to. Its exit status is that of the call.
type Verdict string

const (
	// All is as it should be; exit status 0.
	Successful Verdict = "SUCCESSFUL"
	// The app answered wrongly, or somebody refused; a release went back. Exit status 1.
	Failed Verdict = "FAILED"
	// It could not be asked or done; exit status 2.
	Error Verdict = "ERROR"
	// Mixed answers, or interrupted; exit status 3.
	Inconclusive Verdict = "INCONCLUSIVE"
)

// verdicts are in the order of their exit statuses.
var verdicts = [...]Verdict{Successful, Failed, Error, Inconclusive}

const statusError = 2

func verdictOf(status int) Verdict {
	if status < 0 || status >= len(verdicts) {
		return Error // the program crashed
	}
	return verdicts[status]
}

// What came of a step. A call that ends in it, or in its result, fails unless the verdict is successful; the exit
// status is the verdict. To keep the report of a failed one, export it before you assert:
//
//	dagger -c 'r=$(release …); $r | files | export out; $r | assert'
type Report struct {
	// What it came to.
	Verdict Verdict
	// What went wrong and what to do about it; empty if nothing did.
	Trouble string

	Output   string // +private
	Document string // +private
	Text     string // +private
}

// The result alone: a repository, an image by digest, a plan, a table of accounts. It fails unless the verdict is successful.
func (r *Report) Result() (string, error) { return strings.TrimSpace(r.Output), r.failure() }

// The report as a document of stable shape (pipeline/report/README.md), whatever the verdict.
func (r *Report) Json() string { return r.Document }

// The report for people, whatever the verdict: a step summary, a comment.
func (r *Report) Markdown() string { return r.Text }

// A folder with the report as report.json and report.md, whatever the verdict.
func (r *Report) Files() *dagger.Directory {
	return dag.Directory().WithNewFile(documentName, r.Document).WithNewFile(markdownName, r.Text)
}

// Fail unless the verdict is successful.
func (r *Report) Assert() error { return r.failure() }

// Fail unless the verdict is successful; a call that ends in a report asks for this by itself.
func (r *Report) Sync(ctx context.Context) (string, error) {
	if err := r.failure(); err != nil {
		return "", err
	}
	id, err := dag.Directory().ID(ctx) // the command line prints what it names: nothing
	return string(id), err
}

// failure is the error of a verdict, nil for successful.
func (r *Report) failure() error {
	for status, v := range verdicts {
		if v == r.Verdict && status != 0 {
			return failure(status, r.Trouble)
		}
	}
	return nil
}

// failure is an error with which the command line exits with a status of our
// own: the engine hands on that of a program that failed.
func failure(status int, text string) error {
	if text == "" {
		text = "the program ended without a word; its log is above"
	}
	return &gqlerror.Error{Message: strings.TrimSpace(text), Extensions: map[string]any{
		"_type": "EXEC_ERROR", "cmd": []string{"orgship"}, "exitCode": status, "stdout": "", "stderr": "",
	}}
}
