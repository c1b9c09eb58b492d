package cli_test

import (
	"context"
	"strings"
	"testing"

	"orgship/cli"
	"orgship/pipeline/report"
)

// Who runs the program may show a run itself: all of it, what went wrong too.
func TestShow(t *testing.T) {
	t.Parallel()
	_, flags := organization(t)
	var recorder *report.Recorder
	var stopped report.Report
	status, stdout, stderr := run(cli.Program{
		Args: append([]string{"share", "nowhere"}, flags...),
		Show: func(_ context.Context, r *report.Recorder) func() {
			recorder = r
			return func() { stopped = r.Snapshot() }
		},
	})
	const trouble = `there is no organizational unit "nowhere"`
	if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "error: "+trouble) || strings.Count(stderr, "\n") != 2 {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	if recorder == nil || stopped.Verdict != report.Failed || stopped.Kind != report.Share ||
		len(stopped.Errors) != 1 || !strings.HasPrefix(stopped.Errors[0].Message, trouble) {
		t.Errorf("it was shown %+v", stopped)
	}
}
