package policy

import "strings"

// Request is one question: may this principal do this?
type Request struct {
	Principal Principal
	Action    string // "ecr:BatchGetImage"
	Resource  string // ARN, or "*" for an action without one
	// Owner is the account of the resource; empty: the one in Resource, and the
	// principal's own when that names none.
	Owner string
	// Context holds the condition keys, whatever their case. A key without values
	// is known to be absent from the request. A key that is not in the map can't be
	// told: conditions on it are undecided, which never allows.
	Context map[string][]string
	// Complete are prefixes of condition keys, such as "aws:PrincipalTag/": of keys
	// that begin so, Context has all that are in the request.
	Complete []string

	Identity       []*Document // policies of the principal
	ResourcePolicy *Document   // the resource's policy; nil when it has none
	// Trust says that ResourcePolicy is the trust policy of a role, which has to
	// allow within one account too.
	Trust bool
}

// Side is where a decision came from, in IAM's words.
type Side string

// The kinds of policies that decide.
const (
	Identity Side = "identity-based policy"
	Resource Side = "resource-based policy"
	Trust    Side = "role trust policy"
)

// Decision is the answer, and who gave it.
type Decision struct {
	Allowed   bool   `json:"allowed"`
	Explicit  bool   `json:"explicit,omitempty"`  // a Deny statement decided
	Undecided bool   `json:"undecided,omitempty"` // refused only because the request can't tell something
	Side      Side   `json:"side"`                // which kind of policy decided, or lacks an Allow
	Document  string `json:"document,omitempty"`  // Name of the document that decided
	Statement string `json:"statement,omitempty"` // `statement "Sid"`, or its number: the one that decided or came closest
	Condition string `json:"condition,omitempty"` // the condition that decided, in words
	Reason    string `json:"reason"`              // all of it as one sentence
}

// Evaluate decides a request. An explicit Deny anywhere wins. Within one
// account an Allow on either side will do, but one by a resource policy that
// names only the account; a trust policy has to allow in any case. Across
// accounts both sides have to allow. AWS services, callers with a provider's token
// and anonymous ones have no identity policies: the resource policy decides alone.
func Evaluate(r Request) Decision {
	k := newKeys(r)
	identity := r.weigh(Identity, r.Identity, k)
	resource := r.weigh(r.resourceSide(), r.resourcePolicies(), k)
	for _, side := range []verdict{identity, resource} {
		if side.deny != nil {
			return denied(r, side.side, *side.deny)
		}
	}
	switch {
	case r.Principal.Service != "" || r.Principal.Account == "":
		return r.needs(resource)
	case r.crossAccount():
		return r.needs(identity, resource)
	case resource.allow != nil && resource.allow.how == direct:
		return allowed(r, resource)
	case r.Trust:
		return r.needs(resource, identity)
	}
	return r.needs(identity)
}

// needs decides when every one of the sides has to allow. The last one is what
// the decision names: it is the one that could have refused.
func (r Request) needs(sides ...verdict) Decision {
	for _, side := range sides {
		if side.allow == nil {
			return lacking(r, side)
		}
	}
	return allowed(r, sides[len(sides)-1])
}

func (r Request) resourceSide() Side {
	if r.Trust {
		return Trust
	}
	return Resource
}

func (r Request) resourcePolicies() []*Document {
	if r.ResourcePolicy == nil {
		return nil
	}
	return []*Document{r.ResourcePolicy}
}

// crossAccount tells whether principal and resource are of different accounts.
func (r Request) crossAccount() bool {
	owner := r.Owner
	if owner == "" {
		owner = AccountOf(r.Resource)
	}
	return owner != "" && owner != r.Principal.Account
}

// AccountOf returns the account in an ARN; "" when it names none.
func AccountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[4]
}

// verdict is what the documents of one side say.
type verdict struct {
	side  Side
	deny  *finding // the first Deny that applies or may apply
	allow *finding // the best Allow that applies
	near  *finding // the Allow that came closest, when none applies
}

// finding is one statement's part in it.
type finding struct {
	document  *Document
	statement *statement
	how       level
	applies   truth
	failed    stage  // what kept it from applying
	condition string // the conditions in words; the one that failed, if one did
}

// stage is how far a statement came: the later, the closer.
type stage int

const (
	atAction stage = iota
	atResource
	atPrincipal
	atCondition
	nowhere
)

// weigh asks every statement of one side.
func (r Request) weigh(side Side, documents []*Document, k keys) verdict {
	v := verdict{side: side}
	for _, d := range documents {
		for i := range d.statements {
			v.take(r.ask(d, &d.statements[i], k))
		}
	}
	return v
}

// take keeps a finding if it matters more than what is there.
func (v *verdict) take(f finding) {
	switch {
	case f.statement.deny:
		if f.applies != no && v.deny == nil {
			v.deny = &f
		}
	case f.applies == yes:
		if v.allow == nil || f.how > v.allow.how {
			v.allow = &f
		}
	case v.near == nil || f.failed > v.near.failed:
		v.near = &f
	}
}

// ask tells whether a statement applies to the request. Every test is made,
// since one that fails outweighs an earlier one that is undecided.
func (r Request) ask(d *Document, s *statement, k keys) finding {
	f := finding{document: d, statement: s, applies: yes, failed: nowhere}
	f.test(atAction, s.matchAction(r.Action))
	f.test(atResource, s.matchResource(r.Resource, k))
	who, how := s.matchPrincipal(r.Principal)
	f.how = how
	f.test(atPrincipal, who)
	if f.applies == no {
		return f
	}
	var words []string
	for _, c := range s.conditions {
		holds := c.holds(k)
		if holds < f.applies {
			words = nil // this one decides
		}
		if holds <= f.applies {
			words = append(words, c.describe(k, holds))
		}
		f.test(atCondition, holds)
	}
	f.condition = strings.Join(words, " and ")
	return f
}

// test takes the outcome of one test.
func (f *finding) test(at stage, outcome truth) {
	if outcome < f.applies {
		f.applies, f.failed = outcome, at
	}
}

func (s *statement) matchAction(action string) truth {
	result := no
	for _, p := range s.actions {
		want, _ := p.resolve(keys{}) // actions have no variables
		result = max(result, truthOf(want.matchFold(action)))
	}
	if s.notAction {
		return not(result)
	}
	return result
}

// matchResource takes a statement without Resource to be about the resource
// that has it.
func (s *statement) matchResource(resource string, k keys) truth {
	if s.resources == nil {
		return yes
	}
	result := no
	for _, p := range s.resources {
		want, t := p.resolve(k)
		if t == yes {
			t = truthOf(want.match(resource))
		}
		result = max(result, t)
	}
	if s.notResource {
		return not(result)
	}
	return result
}
