// Package report says what a release did, as a JSON document of a stable shape
// (README.md describes each field), and has the words that all rooms of the
// pipeline share. Package render shows it to people.
//
// Whoever does the work tells a [Recorder]; everything else is a pure function
// of the [Report] and its events. There is no field for a
// secret, and text from outside (reasons, bodies) is cleaned of control
// characters when it comes in.
package report

import (
	"encoding/json"
	"strings"
	"time"
)

// Schema names the shape of the JSON document. Fields may be added under the
// same name; readers ignore those they don't know.
const Schema = "orgship.report/v2"

// schemaBefore is the shape of the first version: its outcomes and classes hold
// spaces. It is read, and never written.
const schemaBefore = "orgship.report/v1"

// Report is what happened.
type Report struct {
	Schema  string   `json:"schema"`
	Kind    Kind     `json:"kind"`
	Serving *Serving `json:"serving,omitempty"` // what serves at the end
	Verdict Verdict  `json:"verdict"`
	Outcome Outcome  `json:"outcome"`
	Summary string   `json:"summary"`
	Tool    Tool     `json:"tool"`

	Origin *Origin           `json:"origin,omitempty"` // who started it; nil: nobody said
	Links  map[string]string `json:"links,omitempty"`  // pages of AWS's console, by name

	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Seconds float64   `json:"seconds"`

	Account Account           `json:"account"`
	Stack   Stack             `json:"stack"`
	Image   *Image            `json:"image,omitempty"`
	Before  *Image            `json:"before,omitempty"`
	URLs    map[string]string `json:"urls,omitempty"`

	Plan         *Plan         `json:"plan,omitempty"`
	Access       []Access      `json:"access,omitempty"`
	Steps        []Step        `json:"steps"`
	Verification *Verification `json:"verification,omitempty"`
	Traffic      []Traffic     `json:"traffic,omitempty"`
	Probe        *Probe        `json:"probe,omitempty"`
	Events       []Event       `json:"events"`
	Errors       []Problem     `json:"errors,omitempty"`
	FailedTask   *FailedTask   `json:"failedTask,omitempty"`
	Hints        []string      `json:"hints,omitempty"`
}

// Tool says what wrote the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Kind says what was asked for.
type Kind string

// The kinds of work.
const (
	Share    Kind = "share"
	Release  Kind = "release"
	Rollback Kind = "rollback"
	Destroy  Kind = "destroy"

	KindPush   Kind = "push"
	KindAccess Kind = "access" // who may pull: section access
	KindVerify Kind = "verify" // a service was asked: section verification
)

// Verdict says whether the app does what it should.
type Verdict string

// The verdicts. Anything but Successful means that the work isn't done.
const (
	Successful   Verdict = "successful"   // asked, and it answered rightly
	Failed       Verdict = "failed"       // it answered wrongly, or could not be deployed
	Error        Verdict = "error"        // it could not be asked, or we could not work
	Inconclusive Verdict = "inconclusive" // the answers were mixed, or nobody decided
)

// ExitStatus returns the exit status of a program that ends with this verdict.
func (v Verdict) ExitStatus() int {
	switch v {
	case Successful:
		return 0
	case Failed:
		return 1
	case Inconclusive:
		return 3
	}
	return 2
}

// Outcome says what became of the stack.
type Outcome string

// The outcomes.
const (
	Released   Outcome = "released"    // the new image serves all traffic
	RolledBack Outcome = "rolled_back" // what was before is there again: the image from before, or nothing
	Unchanged  Outcome = "unchanged"   // there was nothing to do
	Refused    Outcome = "refused"     // nothing was touched, and why is in the errors
	InProgress Outcome = "in_progress" // we were interrupted, the stack's update was not
	Removed    Outcome = "removed"     // the stack is gone
	Broken     Outcome = "broken"      // the stack needs help, or serves a wrong answer

	Pushed  Outcome = "pushed"  // the image is in its repository now
	Checked Outcome = "checked" // something was asked, and nothing was to be changed
)

// Words is the outcome for people: "rolled back".
func (o Outcome) Words() string { return words(string(o)) }

// words renders a value of the document for people.
func words(value string) string { return strings.ReplaceAll(value, "_", " ") }

// Account is the AWS account that was worked on.
type Account struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Region string `json:"region"`
	// Endpoint is set when it wasn't AWS itself, e.g. http://127.0.0.1:4566.
	Endpoint string `json:"endpoint,omitempty"`
}

// Stack is the CloudFormation stack.
type Stack struct {
	Name   string `json:"name"`
	ID     string `json:"id,omitempty"`
	Status string `json:"status,omitempty"` // at the end
}

// Image is a container image in its repository.
type Image struct {
	Reference    string `json:"reference"` // repository@sha256:…
	Digest       string `json:"digest"`
	Tag          string `json:"tag,omitempty"`
	Revision     string `json:"revision,omitempty"`
	Version      string `json:"version,omitempty"`
	Bytes        int64  `json:"blobBytesSent"`
	AlreadyThere bool   `json:"alreadyThere"`
}

// Plan is what the change set amounted to.
type Plan struct {
	Strategy string    `json:"strategy,omitempty"` // how the service gets its new version: hook, rolling
	Class    Class     `json:"class"`
	Why      string    `json:"why,omitempty"`
	Changes  []Change  `json:"changes"`
	Warnings []Warning `json:"warnings,omitempty"`
}

// Class says what a plan amounts to.
type Class string

// The classes of plans.
const (
	Create             Class = "create"              // a new stack
	GreenDeployment    Class = "green_deployment"    // a new version beside the old one, and traffic moves
	RollingUpdate      Class = "rolling_update"      // a new version in place of the old one, task by task
	InfrastructureOnly Class = "infrastructure_only" // an ordinary update
	Mixed              Class = "mixed"               // both at once, which the hook refuses
	NothingToDo        Class = "nothing_to_do"
)

// Words is the class for people: "green deployment".
func (c Class) Words() string { return words(string(c)) }

// Change is what the plan does to a resource.
type Change struct {
	LogicalID   string   `json:"logicalId"`
	Type        string   `json:"type"`
	Action      string   `json:"action"`                // Add, Modify, Remove, Import, Dynamic
	Replacement string   `json:"replacement,omitempty"` // True, False, Conditional
	Causes      []string `json:"causes,omitempty"`      // what changes in it: "Properties.ContainerDefinitions"
}

// String renders the change for people: "Modify Service (AWS::ECS::Service): Properties.DesiredCount".
func (c Change) String() string {
	text := c.Action + " " + c.LogicalID + " (" + c.Type + ")"
	if c.Replacement == "True" {
		text = "Replace " + c.LogicalID + " (" + c.Type + ")"
	}
	if len(c.Causes) > 0 {
		text += ": " + strings.Join(c.Causes, ", ")
	}
	return text
}

// Warning is a finding of the linter that doesn't stop a release.
type Warning struct {
	Line    int    `json:"line"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Source  string `json:"source,omitempty"`
}

// Access says whether an account may pull the image, by the repository's policy.
type Access struct {
	Account string `json:"account"`
	Name    string `json:"name,omitempty"`
	OrgPath string `json:"orgPath,omitempty"`
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason"`
	// Undecided says that it isn't allowed only because something can't be told from
	// here, such as which role pulls.
	Undecided bool   `json:"undecided,omitempty"`
	Suspended bool   `json:"suspended,omitempty"`
	Action    string `json:"action,omitempty"`    // the first that is refused, or the first of all
	Statement string `json:"statement,omitempty"` // that decides or comes closest
	Condition string `json:"condition,omitempty"` // that decides, in words
	Hint      string `json:"hint,omitempty"`      // what is wrong with the policy, and what to write instead
	Warning   string `json:"warning,omitempty"`   // that the policy lets in more than it seems to
}

// The names of steps.
const (
	UnitStep   = "unit"   // who a repository is shared with
	PushStep   = "push"   // the image in its repository
	AccessStep = "access" // who may pull it
	PlanStep   = "plan"   // what would change
	ApplyStep  = "apply"  // the stack changes
	VerifyStep = "verify" // who answers
	DecideStep = "decide" // keep it, or go back
	DeleteStep = "delete" // the stack goes
)

// Step is one of the steps of the work.
type Step struct {
	Name    string    `json:"name"`
	State   State     `json:"state"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Seconds float64   `json:"seconds"`
	Detail  string    `json:"detail,omitempty"`
}

// State is the state of a step.
type State string

// The states of steps.
const (
	Pending     State = "pending"
	Running     State = "running"
	Done        State = "done"
	Skipped     State = "skipped"
	StepFailed  State = "failed"
	Interrupted State = "interrupted"
)

// Verification is what the release was decided by.
type Verification struct {
	URL         string         `json:"url"`
	Expect      string         `json:"expect"` // what the right answer is, for people
	Revision    string         `json:"revision,omitempty"`
	Consecutive int            `json:"consecutive"` // passes in a row that were asked for
	Verdict     Verdict        `json:"verdict"`
	Reason      string         `json:"reason"`
	Decided     time.Time      `json:"decided,omitzero"`
	BlueLived   bool           `json:"blueLived"` // going back was one call away when it was decided
	Attempts    map[string]int `json:"attempts"`  // by outcome
	Last        []Attempt      `json:"last,omitempty"`
}

// Attempt is one answer that counted.
type Attempt struct {
	At       time.Time `json:"at"`
	URL      string    `json:"url"`
	Outcome  string    `json:"outcome"` // passed, wrong, old, unreachable
	Reason   string    `json:"reason,omitempty"`
	Status   int       `json:"status,omitempty"`
	Revision string    `json:"revision,omitempty"`
	Version  string    `json:"version,omitempty"`
	Body     string    `json:"body,omitempty"` // its first line
	Millis   float64   `json:"millis"`
}

// Traffic is how the production traffic was shared out from a moment on.
type Traffic struct {
	At         time.Time `json:"at"`
	Percent    float64   `json:"percent"` // on the new version
	Status     string    `json:"status,omitempty"`
	Deployment string    `json:"deployment,omitempty"`
	Rollback   bool      `json:"rollback,omitempty"`
}

// Event is one thing that happened.
type Event struct {
	At      time.Time `json:"at"`
	Source  Source    `json:"source"`
	Subject string    `json:"subject"` // the step, resource or lifecycle event
	Type    string    `json:"type,omitempty"`
	Status  string    `json:"status,omitempty"`
	Message string    `json:"message,omitempty"`
	Bad     bool      `json:"bad,omitempty"` // a failure by itself
}

// Source says where an event comes from.
type Source string

// The sources of events.
const (
	FromRelease Source = "release" // our own steps and decisions
	FromStack   Source = "stack"   // CloudFormation's events
	FromTraffic Source = "traffic" // CodeDeploy's lifecycle events and weights
	FromVerify  Source = "verify"  // answers that changed
)

// Problem is an error with its root cause.
type Problem struct {
	Step    string `json:"step,omitempty"`
	Message string `json:"message"`
	Line    int    `json:"line,omitempty"` // in the template
	Cause   *Cause `json:"cause,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// Cause is the earliest real failure behind a problem.
type Cause struct {
	At       time.Time `json:"at,omitzero"`
	Resource string    `json:"resource"`
	Type     string    `json:"type,omitempty"`
	Status   string    `json:"status,omitempty"`
	Reason   string    `json:"reason"`
}

// JSON returns the report as an indented JSON document with a final newline.
func JSON(r Report) ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// Step returns the step of a name.
func (r Report) Step(name string) (Step, bool) {
	for _, s := range r.Steps {
		if s.Name == name {
			return s, true
		}
	}
	return Step{}, false
}

// Lasted returns how long the work has taken by now.
func (r Report) Lasted(now time.Time) time.Duration {
	if !r.Ended.IsZero() {
		return r.Ended.Sub(r.Started)
	}
	return now.Sub(r.Started)
}

// Lines says a problem in lines: what, the root cause, and what to do.
func (p Problem) Lines() []string {
	lines := []string{p.Message}
	if p.Cause != nil {
		lines = append(lines, "root cause: "+p.Cause.String())
	}
	if p.Hint != "" {
		lines = append(lines, "hint: "+p.Hint)
	}
	return lines
}

// String renders a root cause: "12:04:31 GreenTaskSet (AWS::ECS::TaskSet) CREATE_FAILED: reason".
func (c Cause) String() string {
	text := c.Resource
	if !c.At.IsZero() {
		text = c.At.UTC().Format("15:04:05") + " " + text
	}
	if c.Type != "" {
		text += " (" + c.Type + ")"
	}
	if c.Status != "" {
		text += " " + c.Status
	}
	return text + ": " + c.Reason
}
