package report

import (
	"fmt"
	"strings"
	"time"
)

// Serving is what serves when the work ends: the first thing that a reader
// wants to know.
type Serving struct {
	// Image is what serves; nil: nothing does, or nobody knows.
	Image *Image `json:"image,omitempty"`
	// Since is when it got all the production traffic; zero: before this run.
	Since time.Time `json:"since,omitzero"`
	// Touched says that something in the account was changed, if only for a while.
	Touched bool `json:"touched"`
	// Proof is what shows that it serves: tasks (AWS's own records), header (it
	// says so itself), or "".
	Proof string `json:"proof,omitempty"`
	// Evidence is what AWS's own records say at the end; nil: they weren't read.
	Evidence *Evidence `json:"evidence,omitempty"`
	// Asked, Lost and Wrong count requests through the whole run: those of the
	// probe, and of the check those that the new version answered wrongly.
	Asked int `json:"asked"`
	Lost  int `json:"lost"`
	Wrong int `json:"wrong"`
	// ExposedSeconds is how long the new version had production traffic before it
	// was kept or taken back.
	ExposedSeconds float64 `json:"exposedSeconds"`
}

// Headline says in one line what serves, whether anything was touched, and who
// was affected; "" without anything to say.
func (r Report) Headline() string {
	s := r.Serving
	if s == nil {
		return ""
	}
	parts := []string{s.now(r.Outcome)}
	if s.Asked > 0 {
		parts = append(parts, s.affected())
	}
	return strings.Join(parts, "; ")
}

func (s *Serving) now(outcome Outcome) string {
	who := "nothing"
	if s.Image != nil {
		who = s.Image.Title()
	}
	switch {
	case outcome == InProgress && s.Image == nil:
		return "Being changed"
	case outcome == InProgress:
		return "Being changed: " + who + " is on its way"
	case s.Image == nil && !s.Touched:
		return "Nothing was touched"
	case !s.Touched && (outcome == Refused || outcome == Unchanged):
		return "Nothing was touched: " + who + " goes on serving"
	case !s.Since.IsZero():
		return fmt.Sprintf("Now serving: %s, since %s", who, s.Since.UTC().Format("15:04:05 MST"))
	}
	return "Now serving: " + who
}

func (s *Serving) affected() string {
	text := fmt.Sprintf("of %d requests %d were lost", s.Asked, s.Lost)
	if s.Lost == 0 {
		text = fmt.Sprintf("%d requests, none lost", s.Asked)
	}
	if s.Wrong > 0 {
		text += fmt.Sprintf(", %d answered wrongly", s.Wrong)
	}
	if s.ExposedSeconds > 0 && s.Lost+s.Wrong > 0 {
		text += fmt.Sprintf(", while the new version had traffic for %s", Span(s.ExposedSeconds))
	}
	return text
}

// Title names an image for people: version, revision and digest, as far as they
// are known.
func (i Image) Title() string {
	var parts []string
	if i.Version != "" {
		parts = append(parts, i.Version)
	}
	if i.Revision != "" {
		parts = append(parts, "("+short(i.Revision)+")")
	}
	if algorithm, hex, ok := strings.Cut(i.Digest, ":"); ok {
		parts = append(parts, algorithm+":"+short(hex))
	} else {
		parts = append(parts, i.Reference)
	}
	return strings.Join(parts, " ")
}

// Evidence is what AWS's own records say about what serves.
type Evidence struct {
	Proved   bool           `json:"proved"` // all that gets traffic runs the image
	Reason   string         `json:"reason"` // one line: why, or why not
	Listener string         `json:"listener"`
	Service  string         `json:"service"`
	Groups   []ServingGroup `json:"groups"` // those that get traffic
}

// ServingGroup is a target group that gets traffic by a rule of the listener.
type ServingGroup struct {
	Rule        string          `json:"rule"`
	TargetGroup string          `json:"targetGroup"`
	Percent     float64         `json:"percent"` // of the rule's traffic
	Targets     []ServingTarget `json:"targets"`
}

// ServingTarget is a target of a group, the task whose address it is, and the
// digest of the image that the task runs.
type ServingTarget struct {
	Address string `json:"address"`
	State   string `json:"state"` // healthy, initial, unhealthy, draining …
	Task    string `json:"task,omitempty"`
	Digest  string `json:"digest,omitempty"`
}

// FailedTaskLines is how many of a failed task's lines are shown.
const FailedTaskLines = 20

// FailedTask is a task of the new version that failed: the root cause is mostly
// what it logged last. What it logged is the app's: values that the run was given
// as secrets are taken out.
type FailedTask struct {
	Task      string   `json:"task"` // ARN
	Container string   `json:"container"`
	ExitCode  *int32   `json:"exitCode,omitempty"`
	Reason    string   `json:"reason"`
	LogGroup  string   `json:"logGroup,omitempty"`
	LogStream string   `json:"logStream,omitempty"`
	Lines     []string `json:"lines,omitempty"` // the last that it logged, oldest first
}

// String says it in one line.
func (f FailedTask) String() string {
	text := fmt.Sprintf("container %s of task %s", f.Container, f.Task[strings.LastIndex(f.Task, "/")+1:])
	if f.ExitCode != nil {
		text += fmt.Sprintf(" exited with %d", *f.ExitCode)
	}
	return text + ": " + f.Reason
}
