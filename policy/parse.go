package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// parser gathers all faults of a document.
type parser struct {
	version string
	faults  []string
	where   string // the statement at hand, as a prefix
}

func (p *parser) fault(format string, args ...any) {
	p.faults = append(p.faults, p.where+fmt.Sprintf(format, args...))
}

// document reads the outermost block. The version comes first: it decides
// whether values have policy variables.
func (p *parser) document(root any) *Document {
	o, ok := root.(object)
	if !ok {
		p.fault("must be a JSON object")
		return nil
	}
	var statements any
	for _, m := range o {
		switch m.name {
		case "Version":
			p.readVersion(m.value)
		case "Statement":
			statements = m.value
		case "Id":
		default:
			p.fault("element %q is unknown", m.name)
		}
	}
	if statements == nil {
		p.fault("has no Statement")
		return nil
	}
	return &Document{version: p.version, statements: p.statements(statements)}
}

func (p *parser) readVersion(value any) {
	version, ok := value.(string)
	if !ok || (version != currentVersion && version != oldVersion) {
		p.fault("Version must be %q or %q", currentVersion, oldVersion)
		return
	}
	p.version = version
}

// statements reads one statement or a list of them.
func (p *parser) statements(value any) []statement {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) == 0 {
		p.fault("Statement is empty")
	}
	var out []statement
	for i, item := range list {
		p.where = fmt.Sprintf("statement %d: ", i+1)
		s := p.statement(item)
		s.number = i + 1
		if s.sid != "" && slices.ContainsFunc(out, func(o statement) bool { return o.sid == s.sid }) {
			p.fault("Sid %q is used twice", s.sid)
		}
		out = append(out, s)
	}
	p.where = ""
	return out
}

func (p *parser) statement(item any) statement {
	o, ok := item.(object)
	if !ok {
		p.fault("must be a JSON object")
		return statement{}
	}
	var s statement
	var effect string
	for _, m := range o {
		if m.name == "Effect" {
			effect, _ = m.value.(string)
			continue
		}
		p.element(&s, m)
	}
	switch effect {
	case "Allow":
	case "Deny":
		s.deny = true
	default:
		p.fault("Effect must be \"Allow\" or \"Deny\"")
	}
	p.finish(&s, o)
	return s
}

// element reads one element of a statement other than Effect.
func (p *parser) element(s *statement, m member) {
	switch m.name {
	case "Sid":
		var ok bool
		if s.sid, ok = m.value.(string); !ok {
			p.fault("Sid must be a string")
		}
	case "Principal", "NotPrincipal":
		s.notPrincipal = m.name == "NotPrincipal"
		s.principals = p.principals(m)
	case "Action", "NotAction":
		s.notAction = m.name == "NotAction"
		s.actions = p.patterns(m, false, actionForm)
	case "Resource", "NotResource":
		s.notResource = m.name == "NotResource"
		s.resources = p.patterns(m, true, resourceForm)
	case "Condition":
		s.conditions = p.conditions(m.value)
	default:
		p.fault("element %q is unknown", m.name)
	}
}

// finish checks what elements must and must not stand together.
func (p *parser) finish(s *statement, o object) {
	for _, name := range []string{"Principal", "Action", "Resource"} {
		if has(o, name) && has(o, "Not"+name) {
			p.fault("%s and Not%s can't stand together", name, name)
		}
	}
	if !has(o, "Action") && !has(o, "NotAction") {
		p.fault("has no Action")
	}
	if s.notPrincipal && !s.deny {
		p.fault("NotPrincipal with Allow is refused: it would allow everyone else, anonymous callers too")
	}
}

func has(o object, name string) bool {
	return slices.ContainsFunc(o, func(m member) bool { return m.name == name })
}

// patterns reads a string or a list of strings, each of a form: actions, or ARNs,
// which may have variables.
func (p *parser) patterns(m member, arns bool, form func(string) string) []pattern {
	out := []pattern{}
	for _, text := range p.strings(m.name, m.value) {
		if fault := form(text); fault != "" {
			p.fault("%s %q %s", m.name, text, fault)
			continue
		}
		parsed, err := parsePattern(text, true, arns && p.version == currentVersion)
		if err != nil {
			p.fault("%s: %v", m.name, err)
			continue
		}
		if arns {
			parsed.inARN()
		}
		out = append(out, parsed)
	}
	return out
}

// strings reads a string or a list of strings, which must not be empty.
func (p *parser) strings(name string, value any) []string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var out []string
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			p.fault("%s must be a string or a list of strings", name)
			return nil
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		p.fault("%s is empty", name)
	}
	return out
}

// actionForm and resourceForm return what is wrong with a value, or "".
func actionForm(text string) string {
	vendor, name, found := strings.Cut(text, ":")
	if text != "*" && (!found || vendor == "" || name == "") {
		return `must have the form "service:action" or be "*"`
	}
	return ""
}

func resourceForm(text string) string {
	if text != "*" && !strings.HasPrefix(text, "arn:") {
		return `must be an ARN or "*"`
	}
	return ""
}

// scalars reads a condition's values: a string, number or boolean, or a list.
func (p *parser) scalars(name string, value any) []string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var out []string
	for _, item := range list {
		switch v := item.(type) {
		case string:
			out = append(out, v)
		case bool:
			out = append(out, fmt.Sprint(v))
		case json.Number:
			out = append(out, v.String())
		default:
			p.fault("%s: a value must be a string, a number or a boolean", name)
		}
	}
	if len(list) == 0 {
		p.fault("%s has no values", name)
	}
	return out
}
