package release

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"orgship/pipeline/report"
)

// A task that failed is in the report with what it logged, without what the run
// was given as secrets.
func TestFailedTask(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const header, parameter, key = "canary-of-a-header", "canary-of-a-parameter", "canary-of-a-key"
		w.story = []act{
			event("UPDATE_IN_PROGRESS"), later(20*time.Second, event("UPDATE_ROLLBACK_IN_PROGRESS")), later(20*time.Second, event("UPDATE_ROLLBACK_COMPLETE")),
		}
		req := request()
		req.Template = []byte(strings.Replace(string(req.Template), "\nParameters:\n", "\nParameters:\n  Token: {Type: String, NoEcho: true}\n  Key: {Type: String, NoEcho: true}\n", 1))
		req.Parameters = map[string]string{"Token": parameter, "Key": "{\n" + key + "\n}"}
		req.Check.Request = http.Header{"Authorization": {header}}
		exit := int32(3)
		r, err := w.releaser(func(c *Config) {
			c.Records = recorded{digest: "sha256:" + strings.Repeat("a", 64), broken: &report.FailedTask{
				Task: "task/home/1", Container: "web", ExitCode: &exit, Reason: "exited, told " + header,
				Lines: []string{"asked with " + header, "started with " + parameter, "key: " + key + "\x1b[0m", strings.Repeat("x", 1995) + header, "{no database}"},
			}}
		}).Release(t.Context(), req)
		wantReport(t, r, err, report.Failed, report.RolledBack)
		if f := r.FailedTask; f == nil || f.String() != "container web of task 1 exited with 3: exited, told …" ||
			strings.Join(f.Lines[:3], "|") != "asked with …|started with …|key: … [0m" || f.Lines[4] != "{no database}" {
			t.Errorf("failed task %+v", f)
		}
		if document, err := report.JSON(r); err != nil || strings.Contains(string(document), "canary") {
			t.Errorf("a secret is in the report, error %v:\n%s", err, document)
		}
	})
}
