package template

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says what a finding means.
type Severity int

// The severities.
const (
	// Warning marks what AWS takes and what goes wrong, or surprises, later.
	Warning Severity = iota + 1
	// Error marks what AWS refuses, when the stack is created or, for a rule
	// that says so, with the first release.
	Refusal
)

func (s Severity) String() string {
	if s == Refusal {
		return "error"
	}
	return "warning"
}

// Finding is one fault of a template.
type Finding struct {
	Line, Column int // 1-based
	Rule         string
	Severity     Severity
	Message      string // what is wrong and what to do
	Source       string // where that is documented: a URL
}

func (f Finding) String() string {
	return fmt.Sprintf("line %d, column %d: %s %s: %s (%s)", f.Line, f.Column, f.Severity, f.Rule, f.Message, f.Source)
}

// Rule is one thing that the linter looks for.
type Rule struct {
	ID       string // OS0…: any template; OS1…: the blue/green hook refuses it; OS2…: advice
	Severity Severity
	Title    string
	Source   string
}

// Lint looks for what CloudFormation and the blue/green hook are known to
// refuse, and for known traps. Findings are in the order of the source.
func Lint(t *Template) []Finding {
	l := &linter{t: t, rules: map[string]Rule{}}
	for _, r := range Rules() {
		l.rules[r.ID] = r
	}
	l.general()
	l.hooks()
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return l.found
}

type linter struct {
	t     *Template
	rules map[string]Rule
	found []Finding
}

// report adds a finding at a node.
func (l *linter) report(rule string, at *Node, format string, args ...any) {
	r, ok := l.rules[rule]
	if !ok {
		panic("template: internal error: no rule " + rule)
	}
	f := Finding{Rule: r.ID, Severity: r.Severity, Source: r.Source, Message: fmt.Sprintf(format, args...)}
	if at != nil {
		f.Line, f.Column = at.Line, at.Column
	}
	l.found = append(l.found, f)
}

// key returns a node at the place of an entry's key.
func key(e Entry) *Node { return &Node{Line: e.Line, Column: e.Column} }

// within calls visit for each node of a resource, an output or a condition.
func (t *Template) within(visit func(section string, e Entry, n *Node)) {
	for _, section := range []string{"Conditions", "Resources", "Outputs"} {
		for _, e := range t.members(section) {
			e.Value.Walk(func(n *Node) bool {
				visit(section, e, n)
				return true
			})
		}
	}
}

func isPseudo(name string) bool {
	switch strings.TrimPrefix(name, "AWS::") {
	case "AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix":
		return strings.HasPrefix(name, "AWS::")
	}
	return false
}
