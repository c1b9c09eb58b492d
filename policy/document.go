package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The versions of the policy language. Policy variables exist in the current one only.
const (
	currentVersion = "2012-10-17"
	oldVersion     = "2008-10-17" // also when a document names none
)

// Document is a policy document, parsed. It is immutable and safe for
// concurrent use.
type Document struct {
	// Name says where the document is from, for reasons: the name or ARN of a
	// policy. Set by the caller; may stay empty.
	Name string

	version    string
	statements []statement
}

// statement is one statement of a document.
type statement struct {
	sid    string
	number int // from 1
	deny   bool

	principals   []principal // nil when the statement names none
	notPrincipal bool
	actions      []pattern
	notAction    bool
	resources    []pattern // nil when the statement names none
	notResource  bool
	conditions   []condition
}

// name returns how a person finds the statement.
func (s *statement) name() string {
	if s.sid != "" {
		return fmt.Sprintf("statement %q", s.sid)
	}
	return fmt.Sprintf("statement %d", s.number)
}

// ParseError says all that is wrong with a document.
type ParseError struct {
	Faults []string // each names the statement and the element
}

func (e *ParseError) Error() string {
	return "parsing policy document: " + strings.Join(e.Faults, "; ")
}

// Parse reads a policy document in JSON. What it does not know, it refuses by
// name: the error is a *ParseError with every fault.
func Parse(source []byte) (*Document, error) {
	p := &parser{version: oldVersion}
	root, err := decode(source)
	if err != nil {
		return nil, &ParseError{Faults: []string{err.Error()}}
	}
	d := p.document(root)
	if len(p.faults) > 0 {
		return nil, &ParseError{Faults: p.faults}
	}
	return d, nil
}

// FullAccess returns the identity policy that allows everything: for asking
// what a resource policy alone lets through.
func FullAccess() *Document {
	everything := []pattern{{text: "*", parts: []part{{symbols: glob{anyRunes}}}}}
	return &Document{
		Name:       "full access",
		version:    currentVersion,
		statements: []statement{{number: 1, actions: everything, resources: everything}},
	}
}

// unfit is what IAM says, in its own words, of a document that is right in
// itself but in the wrong place.
type unfit string

func (u unfit) Error() string { return string(u) }

// sid is what IAM takes as a statement's id; other services take more.
var sid = regexp.MustCompile(`^[0-9A-Za-z]*$`)

const wrongSid = unfit("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")

// CheckIdentity tells whether the document can be an identity policy (of a
// user or role). The messages are IAM's own.
func (d *Document) CheckIdentity() error {
	for _, s := range d.statements {
		if s.principals != nil {
			return unfit("Policy document should not specify a principal.")
		}
		if s.resources == nil {
			return unfit("Policy statement must contain resources.")
		}
		if !sid.MatchString(s.sid) {
			return wrongSid
		}
		if slices.ContainsFunc(s.actions, anyVendor) {
			return unfit("Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.")
		}
	}
	return nil
}

// CheckResource tells whether the document can be the policy of a resource.
func (d *Document) CheckResource() error {
	for _, s := range d.statements {
		if s.principals == nil {
			return unfit("Missing required field Principal")
		}
	}
	return nil
}

// CheckTrust tells whether the document can be a role's trust policy. The
// messages are IAM's own.
// Assumption A122: but for the one about NotPrincipal, which a trust policy can't have:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (d *Document) CheckTrust() error {
	for _, s := range d.statements {
		if s.principals == nil {
			return unfit("Missing required field Principal")
		}
		if s.resources != nil {
			return unfit("Has prohibited field Resource")
		}
		if s.notPrincipal {
			return unfit("Has prohibited field NotPrincipal")
		}
		if !sid.MatchString(s.sid) {
			return wrongSid
		}
		if slices.ContainsFunc(s.actions, notSTS) {
			return unfit("AssumeRole policy may only specify STS AssumeRole actions.")
		}
		if s.lacksSubject() {
			return unfit("A trust policy that allows " + github + " must have a condition on " + github + ":sub")
		}
	}
	return nil
}

// github is a provider whose tokens any repository in the world can have.
const github = "token.actions.githubusercontent.com"

// lacksSubject tells whether a statement trusts GitHub's provider whatever the
// token's subject, which IAM refuses:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
// Assumption A100: a condition with that key is enough, and the words are ours.
func (s *statement) lacksSubject() bool {
	trusts := func(p principal) bool {
		return p.kind == federated && strings.HasSuffix(p.value, ":oidc-provider/"+github)
	}
	asks := func(c condition) bool { return strings.EqualFold(c.key, github+":sub") }
	return !s.deny && slices.ContainsFunc(s.principals, trusts) && !slices.ContainsFunc(s.conditions, asks)
}

func anyVendor(action pattern) bool {
	vendor, _, found := strings.Cut(action.text, ":")
	return found && strings.ContainsAny(vendor, "*?")
}

func notSTS(action pattern) bool {
	return !strings.HasPrefix(strings.ToLower(action.text), "sts:")
}

// Principals returns the ARNs of the users, roles and sessions that the document
// names, in order.
func (d *Document) Principals() []string {
	var arns []string
	for _, s := range d.statements {
		for _, p := range s.principals {
			if p.kind == oneARN {
				arns = append(arns, p.value)
			}
		}
	}
	return arns
}

// Keys returns the condition keys that the document asks for, as written, in
// order and once each.
func (d *Document) Keys() []string {
	var keys []string
	for _, s := range d.statements {
		for _, c := range s.conditions {
			if !slices.Contains(keys, c.key) {
				keys = append(keys, c.key)
			}
		}
	}
	return keys
}
