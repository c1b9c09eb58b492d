package policy

import (
	"regexp"
	"slices"
	"strings"
)

// Principal is who makes a request. The zero Principal is anonymous.
type Principal struct {
	// Account is the principal's, 12 digits.
	Account string
	// ARN is a user's or, for a role session, the session's
	// (arn:aws:sts::222222222222:assumed-role/Role/session). It may be a pattern
	// such as "arn:aws:iam::222222222222:role/*" when which principal of the
	// account asks is not known.
	ARN string
	// RoleARN is the role behind a session; it may be a pattern too.
	RoleARN string
	// Service is set instead for an AWS service, e.g. "ecs-tasks.amazonaws.com".
	Service string
	// Federated is set instead for whoever comes with a token of an OpenID Connect
	// provider: the provider's ARN.
	Federated string
}

// level says how a statement names the principal. Within one account it
// matters: naming the account only delegates to its identity policies.
type level int

const (
	unnamed level = iota
	byAccount
	direct
)

// principalKind is a form of naming principals.
type principalKind int

const (
	everyone       principalKind = iota // "*"
	wholeAccount                        // 12 digits, or the account's root ARN
	oneARN                              // a user, role or session
	awsService                          // {"Service": …}
	federated                           // {"Federated": …}: the tokens of a provider
	principalKinds = "AWS, Service or Federated"
)

// principal is one entry of Principal or NotPrincipal.
type principal struct {
	kind  principalKind
	value string // account, ARN, service, or provider
}

var (
	accountID    = regexp.MustCompile(`^\d{12}$`)
	rootARN      = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):root$`)
	principalARN = regexp.MustCompile(`^arn:aws[a-z-]*:(iam::\d{12}:(user|role)/[^*?]+|sts::\d{12}:(assumed-role/[^/*?]+/[^*?]+|federated-user/[^*?]+))$`)
)

// principals reads Principal or NotPrincipal.
func (p *parser) principals(m member) []principal {
	out := []principal{}
	if text, ok := m.value.(string); ok {
		if text != "*" {
			p.fault("%s %q must be \"*\" or an object of %s", m.name, text, principalKinds)
			return out
		}
		out = append(out, principal{kind: everyone})
	} else if o, ok := m.value.(object); ok {
		for _, kind := range o {
			out = append(out, p.principalsOf(kind)...)
		}
	} else {
		p.fault("%s must be \"*\" or an object of %s", m.name, principalKinds)
		return out
	}
	isEveryone := func(e principal) bool { return e.kind == everyone }
	if m.name == "NotPrincipal" && slices.ContainsFunc(out, isEveryone) {
		p.fault("NotPrincipal \"*\" names nobody")
	}
	if len(out) == 0 {
		p.fault("%s is empty", m.name)
	}
	return out
}

// principalsOf reads {"AWS": …}, {"Service": …} or {"Federated": …}.
func (p *parser) principalsOf(kind member) []principal {
	var out []principal
	for _, text := range p.strings("Principal "+kind.name, kind.value) {
		switch kind.name {
		case "AWS":
			e, ok := awsPrincipal(text)
			if !ok {
				p.fault("principal %q must be \"*\", an account, or the ARN, without wildcards, of a user, role or session", text)
			}
			out = append(out, e)
		case "Service":
			out = append(out, principal{awsService, text})
		case "Federated":
			out = append(out, principal{federated, text})
		default:
			p.fault("kind of principal %q is not supported: %s", kind.name, principalKinds)
			return out
		}
	}
	return out
}

func awsPrincipal(text string) (principal, bool) {
	switch {
	case text == "*":
		return principal{kind: everyone}, true
	case accountID.MatchString(text):
		return principal{wholeAccount, text}, true
	case rootARN.MatchString(text):
		return principal{wholeAccount, rootARN.FindStringSubmatch(text)[1]}, true
	}
	return principal{oneARN, text}, principalARN.MatchString(text)
}

// matchPrincipal tells whether a statement is about the principal and how it
// names it. Identity policies name none: they are about whoever has them.
func (s *statement) matchPrincipal(who Principal) (truth, level) {
	if s.principals == nil {
		return yes, direct
	}
	if s.notPrincipal {
		return not(s.exempts(who)), direct
	}
	best, how := no, unnamed
	for _, e := range s.principals {
		t, l := e.match(who)
		if t > best || (t == best && l > how) {
			best, how = t, l
		}
	}
	return best, how
}

// match tells whether one entry names the principal.
func (e principal) match(who Principal) (truth, level) {
	switch e.kind {
	case everyone:
		return yes, direct
	case wholeAccount:
		return truthOf(who.Account == e.value && who.Service == ""), byAccount
	case oneARN:
		return sameARN(who, e.value), direct
	case awsService:
		return truthOf(who.Service != "" && who.Service == e.value), direct
	case federated:
		return truthOf(who.Federated != "" && who.Federated == e.value), direct
	}
	return no, unnamed
}

// sameARN compares an entry with the principal's own ARN and its role's; when
// those are patterns, an ARN that they cover may be the principal's.
func sameARN(who Principal, arn string) truth {
	result := no
	for _, own := range []string{who.ARN, who.RoleARN} {
		switch {
		case own == "":
		case own == arn:
			return yes
		case strings.ContainsAny(own, "*?") && wildcards(own, true).match(arn):
			result = unknown
		}
	}
	return result
}

// exempts tells whether NotPrincipal leaves the principal alone. AWS checks
// the account first, then the role or user, and advises to list both.
// Assumption A9: a principal of which only one is listed is not exempt.
func (s *statement) exempts(who Principal) truth {
	account, own := no, no
	for _, e := range s.principals {
		t, l := e.match(who)
		switch {
		case (e.kind == awsService || e.kind == federated) && t == yes:
			return yes
		case l == byAccount:
			account = max(account, t)
		default:
			own = max(own, t)
		}
	}
	return min(account, own)
}
