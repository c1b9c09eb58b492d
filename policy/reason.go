package policy

import (
	"fmt"
	"strings"
)

// article is needed for "an identity-based", "a resource-based", "the role trust".
func (s Side) article() string {
	switch s {
	case Identity:
		return "an"
	case Trust:
		return "the"
	}
	return "a"
}

// where names the side and, when the document has a name, the document.
func (f finding) where(side Side) string {
	if f.document.Name == "" {
		return string(side)
	}
	return fmt.Sprintf("%s %q", side, f.document.Name)
}

func (f finding) decision(side Side) Decision {
	return Decision{
		Undecided: f.applies == unknown,
		Side:      side, Document: f.document.Name, Statement: f.statement.name(), Condition: f.condition,
	}
}

func allowed(r Request, v verdict) Decision {
	d := v.allow.decision(v.side)
	d.Allowed = true
	d.Reason = fmt.Sprintf("%s of %s %s allows %s", d.Statement, v.side.article(), v.allow.where(v.side), r.Action)
	if d.Condition != "" {
		d.Reason += ": " + d.Condition
	}
	return d
}

func denied(r Request, side Side, f finding) Decision {
	d := f.decision(side)
	d.Explicit = true
	d.Reason = fmt.Sprintf("%s of %s %s denies %s", d.Statement, side.article(), f.where(side), r.Action)
	if d.Condition != "" {
		d.Reason += ": " + d.Condition
	}
	if f.applies == unknown {
		d.Reason += " (" + f.undecided() + ", and a Deny that can't be decided denies)"
	}
	return d
}

// lacking says that no statement of a side allows, and how close one came.
func lacking(r Request, v verdict) Decision {
	reason := fmt.Sprintf("no %s allows %s", v.side, r.Action)
	if v.near == nil {
		return Decision{Side: v.side, Reason: reason}
	}
	if v.near.failed == atAction {
		return Decision{Side: v.side, Reason: reason}
	}
	d := v.near.decision(v.side)
	d.Reason = fmt.Sprintf("%s: %s would, but %s", reason, d.Statement, v.near.obstacle(r))
	return d
}

// obstacle says why an Allow does not apply.
func (f finding) obstacle(r Request) string {
	if f.applies == unknown && f.failed != atCondition {
		return f.undecided()
	}
	switch f.failed {
	case atResource:
		return fmt.Sprintf("not on %s", r.Resource)
	case atPrincipal:
		return fmt.Sprintf("it does not name %s", r.Principal.name())
	}
	return f.condition
}

// undecided says what could not be told.
func (f finding) undecided() string {
	switch f.failed {
	case atResource:
		return "a policy variable of its Resource can't be told"
	case atPrincipal:
		return "it names one principal of the account, and which one asks is not known"
	}
	return "that can't be decided"
}

func (p Principal) name() string {
	switch {
	case p.Service != "":
		return p.Service
	case p.Federated != "":
		return "tokens of " + p.Federated
	case p.ARN != "":
		return p.ARN
	case p.Account != "":
		return "account " + p.Account
	}
	return "anonymous callers"
}

// describe says in words what a condition found.
func (c condition) describe(k keys, holds truth) string {
	have, known := k.find(c.key)
	wanted := c.name + " " + quoted(c.values)
	outcome := "does not satisfy"
	if holds == yes {
		outcome = "satisfies"
	}
	switch {
	case !known && c.meant != "":
		return fmt.Sprintf("AWS has no key %s (%s?), which %s %s", c.key, c.meant, outcome, wanted)
	case !known:
		return fmt.Sprintf("%s is not known here, so %s can't be decided", c.key, wanted)
	case holds == unknown:
		return fmt.Sprintf("%s is %s, and %s can't be decided%s", c.key, list(have, " and "), wanted, c.whyUnknown(have))
	case len(have) == 0:
		return fmt.Sprintf("%s is not in the request, which %s %s", c.key, outcome, wanted)
	}
	return fmt.Sprintf("%s is %s, which %s %s", c.key, list(have, " and "), outcome, wanted)
}

func (c condition) whyUnknown(have []string) string {
	switch {
	case len(have) > 0 && c.over == single && (len(have) > 1 || multivalued(c.key)):
		return " (a key of several values needs ForAnyValue or ForAllValues)"
	case len(have) == 0:
		return ""
	}
	return " (a value has not the form, or a policy variable can't be told)"
}

func quoted(patterns []pattern) string {
	texts := make([]string, 0, len(patterns))
	for _, p := range patterns {
		texts = append(texts, p.text)
	}
	return list(texts, " or ")
}

// list writes values as "a" or "b".
func list(values []string, between string) string {
	quoted := make([]string, 0, len(values))
	for _, v := range values {
		quoted = append(quoted, fmt.Sprintf("%q", v))
	}
	if len(quoted) == 0 {
		return "nothing"
	}
	return strings.Join(quoted, between)
}
