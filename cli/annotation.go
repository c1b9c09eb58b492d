package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"
	"go.yaml.in/yaml/v3"

	"orgship/pipeline/account"
	"orgship/pipeline/report"
)

// annotation is a remark of GitHub's at a line of a file.
type annotation struct {
	level   string // error, warning or notice
	file    string // in the repository; "": the job's own
	line    int
	title   string
	message string // may have lines
}

// annotations are what a report has to say about lines: what went wrong, where
// that can be told, or what serves; then what the linter warns of.
func annotations(r report.Report, at places) []annotation {
	title := fmt.Sprintf("orgship %s: %s, %s", r.Kind, r.Verdict, r.Outcome.Words())
	level := "error"
	if r.Verdict == report.Inconclusive {
		level = "warning"
	}
	var list []annotation
	for _, p := range r.Errors {
		file, line := at.of(r, p)
		list = append(list, annotation{level, file, line, title, strings.Join(p.Lines(), "\n")})
	}
	if len(list) == 0 {
		if r.Verdict == report.Successful {
			level = "notice"
		}
		file, line := at.step(r)
		list = append(list, annotation{level, file, line, title, serves(r)})
	}
	if r.Plan == nil {
		return list
	}
	for _, w := range r.Plan.Warnings {
		file, line := at.of(r, report.Problem{Line: w.Line})
		message := fmt.Sprintf("line %d of the template: %s", w.Line, w.Message)
		list = append(list, annotation{"warning", file, line, "orgship lint: " + w.Rule, strings.TrimSpace(message + " " + w.Source)})
	}
	return list
}

// serves says in one line what serves where.
func serves(r report.Report) string {
	parts := []string{r.Summary}
	if r.Image != nil {
		parts = append(parts, strings.TrimSpace(r.Image.Version+" "+r.Image.Reference))
	}
	if url := r.URLs["service"]; url != "" {
		parts = append(parts, url)
	}
	where := strings.TrimSpace(r.Account.Name + " " + r.Account.ID)
	if r.Stack.Name != "" {
		where = strings.TrimPrefix(where+", stack "+r.Stack.Name, ", ")
	}
	if where != "" {
		parts = append(parts, where)
	}
	return strings.Join(parts, "; ")
}

// of returns where a problem is: in the template if it is one of the template's,
// else at the step that had it.
func (at places) of(r report.Report, p report.Problem) (file string, line int) {
	if at.template != "" {
		if p.Line > 0 {
			return at.template, p.Line
		}
		if p.Cause != nil && at.lines[p.Cause.Resource] > 0 {
			return at.template, at.lines[p.Cause.Resource]
		}
	}
	return at.step(r)
}

// step returns where the workflow runs what wrote the report: the first line
// that runs a verb of its kind, else the first of all.
func (at places) step(r report.Report) (file string, line int) {
	pattern := `\b(orgship|dagger)\b.*\b` + regexp.QuoteMeta(string(r.Kind)) + `\b`
	if r.Kind == report.Release {
		pattern += `|\bci/ship\b|\bdagger\b.*\bship\b`
	}
	return at.runs(pattern)
}

// runs returns the first line of the workflow that a pattern matches, else the
// first of all.
func (at places) runs(pattern string) (file string, line int) {
	if at.workflow == "" {
		return "", 0
	}
	verb := regexp.MustCompile(pattern)
	number := 0
	for line := range bytes.Lines(at.text) {
		number++
		if code, _, _ := bytes.Cut(line, []byte("#")); verb.Match(code) {
			return at.workflow, number
		}
	}
	return at.workflow, 1
}

// refused is what to say of a job that got no credentials: without a token it is
// about its permissions, else about the step that asked.
func (at places) refused(err error) annotation {
	a := annotation{level: "error", title: "orgship credentials", message: err.Error()}
	if hint := hintOf(err, ""); hint != "" {
		a.message += "\nhint: " + hint
	}
	if line := at.permissions(); line > 0 && errors.Is(err, account.ErrNoToken) {
		a.file, a.line = at.workflow, line
		return a
	}
	a.file, a.line = at.runs(`\borgship credentials\b|\bci/ship\b`)
	return a
}

// permissions is the line of the workflow that says what the job may do: of its
// own permissions, else of the workflow's, else of the job; 0 if that isn't known.
func (at places) permissions() int {
	var document yaml.Node
	if at.workflow == "" || yaml.Unmarshal(at.text, &document) != nil || len(document.Content) == 0 {
		return 0
	}
	all, _ := entry(document.Content[0], "permissions")
	_, jobs := entry(document.Content[0], "jobs")
	line, job := entry(jobs, at.job)
	own, _ := entry(job, "permissions")
	return cmp.Or(own, all, line)
}

// entry finds a key of a mapping: its line, and what it has; 0 and nil if it isn't there.
func entry(mapping *yaml.Node, key string) (line int, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return 0, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i].Line, mapping.Content[i+1]
		}
	}
	return 0, nil
}

// annotate writes annotations as commands to the runner, whose own escapes keep
// a message from being more than that.
func annotate(w io.Writer, list []annotation) {
	runner := githubactions.New(githubactions.WithWriter(w))
	for _, a := range list {
		properties := githubactions.CommandProperties{"title": a.title}
		if a.file != "" {
			properties["file"], properties["line"] = a.file, strconv.Itoa(a.line)
		}
		runner.IssueCommand(&githubactions.Command{Name: a.level, Message: a.message, Properties: properties})
	}
}

// twelveDigits is the form of an account's id.
var twelveDigits = regexp.MustCompile(`\b[0-9]{12}\b`)

// maskAccounts has GitHub hide the ids of all accounts that a report names.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log
func maskAccounts(w io.Writer, r report.Report) error {
	document, err := report.JSON(r)
	if err != nil {
		return err
	}
	runner := githubactions.New(githubactions.WithWriter(w))
	ids := twelveDigits.FindAllString(string(document), -1)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		runner.AddMask(id)
	}
	return nil
}

// githubOutputs renders the outputs of a step. Each value stands between two
// lines of a delimiter that nobody could guess, and is refused if it holds it:
// the library's own delimiter is the same for all, so that a value with it would
// write a second output.
// https://github.com/sethvargo/go-githubactions/blob/v1.4.0/actions.go#L67
func githubOutputs(r report.Report, delimiter string) (string, error) {
	image := report.Image{}
	if r.Image != nil {
		image = *r.Image
	}
	var b strings.Builder
	for _, o := range [][2]string{
		{"verdict", string(r.Verdict)}, {"outcome", string(r.Outcome)}, {"digest", image.Digest}, {"image", image.Reference},
		{"url", r.URLs["service"]}, {"account", r.Account.ID}, {"stack", r.Stack.Name},
	} {
		if strings.Contains(o[1], delimiter) {
			return "", fmt.Errorf("telling GitHub: the value of output %q holds the delimiter", o[0])
		}
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", o[0], delimiter, report.Clean(o[1]), delimiter)
	}
	return b.String(), nil
}

// workflowPath is the path of the workflow that runs, in its repository, of
// "acme/app/.github/workflows/release.yml@refs/heads/main". That of another
// repository can't be pointed at: "".
func workflowPath(ref, repository string) string {
	path, _, _ := strings.Cut(ref, "@")
	inner, ours := strings.CutPrefix(path, repository+"/")
	if repository == "" {
		parts := strings.SplitN(path, "/", 3)
		inner, ours = parts[len(parts)-1], len(parts) == 3
	}
	if !ours || !filepath.IsLocal(inner) {
		return ""
	}
	return inner
}

// inside is the path of a file in the repository that is checked out at root.
func inside(root, name string) string {
	absolute, err := filepath.Abs(name)
	if err != nil || root == "" {
		return filepath.ToSlash(name)
	}
	inner, err := filepath.Rel(root, absolute)
	if err != nil || !filepath.IsLocal(inner) {
		return filepath.ToSlash(name)
	}
	return filepath.ToSlash(inner)
}

// readIn reads a file that may be missing.
func readIn(root, name string) []byte {
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil
	}
	return content
}
