package access

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"orgship/policy"
)

// The condition keys that mean an organization and its parts.
const (
	orgID    = "aws:PrincipalOrgID"
	orgPaths = "aws:PrincipalOrgPaths"
)

// corrected returns the condition as it should be written, and what is wrong with
// it; "" if nothing surely is.
func (c condition) corrected(a Account, deny bool) (condition, string) {
	right, faults := c, []string(nil)
	if meant := policy.Meant(c.key); meant != "" {
		right.key = meant
		faults = append(faults, "AWS has no condition key "+c.key)
	}
	if !strings.Contains(c.operator, "String") {
		return right, right.instead(faults) // an org path is a string
	}
	if strings.EqualFold(right.key, orgID) && slices.ContainsFunc(c.values, isBelowOrganization) {
		right.key = orgPaths
		faults = append(faults, orgID+" is the organization's id alone, never that of a root or OU")
	}
	if strings.EqualFold(right.key, orgPaths) {
		right.values = nil
		for _, v := range c.values {
			path, fault := correctPath(v, a.organization())
			right.values = append(right.values, path)
			if fault != "" && !slices.Contains(faults, fault) {
				faults = append(faults, fault)
			}
		}
	}
	operator, fault := c.correctOperator(right, deny)
	if fault != "" {
		faults = append(faults, fault)
	}
	right.operator = operator
	return right, right.instead(faults)
}

// instead says what is wrong and how it is right.
func (c condition) instead(faults []string) string {
	if len(faults) == 0 {
		return ""
	}
	return strings.Join(faults, ", ") + ": write " + c.String()
}

// correctOperator returns the operator for the key and values that a condition
// should have, and what is wrong with the one it has.
func (c condition) correctOperator(right condition, deny bool) (operator, fault string) {
	set, base, found := strings.Cut(c.operator, ":")
	if !found {
		set, base = "", c.operator
	}
	negated := strings.Contains(base, "Not")
	if negated != deny {
		return c.operator, "" // what is meant by "unless" in an Allow can't be told
	}
	like := strings.NewReplacer("EqualsIgnoreCase", "Like", "Equals", "Like").Replace(base)
	if like != base && slices.ContainsFunc(c.values, hasWildcard) {
		fault = fmt.Sprintf("%s takes \"*\" and \"?\" literally", base)
	}
	if slices.ContainsFunc(right.values, hasWildcard) {
		base = like
	}
	if strings.EqualFold(right.key, orgPaths) {
		if set == "" && fault == "" && strings.EqualFold(c.key, orgPaths) {
			fault = "a key of several values needs ForAnyValue or ForAllValues"
		}
		switch {
		case !negated:
			set = "ForAnyValue" // ForAllValues lets in whoever is in no organization
		case set == "":
			set = "ForAllValues"
		}
	}
	if set != "" {
		base = set + ":" + base
	}
	return base, fault
}

// escapes are wildcards that stand for themselves.
var escapes = strings.NewReplacer("${*}", "", "${?}", "")

func hasWildcard(value string) bool { return strings.ContainsAny(escapes.Replace(value), "*?") }

func isBelowOrganization(value string) bool {
	return strings.Contains(value, "/") || strings.HasPrefix(value, "ou-") || strings.HasPrefix(value, "r-")
}

// organization returns the id of the account's organization, "" for none.
func (a Account) organization() string {
	id, _, _ := strings.Cut(a.OrgPath, "/")
	return id
}

// path is a pattern of org paths, taken apart.
type path struct {
	organization, root string
	units              []string
	inOrder            bool // organization, root, units
	parts              []string
}

var (
	orgPart  = regexp.MustCompile(`^(o|r|ou)-[a-z0-9-]+$`)
	wildPart = regexp.MustCompile(`^[*?:]*$`)
)

// parsePath takes a pattern of org paths apart; false if there is more in it than
// ids and wildcards between slashes.
func parsePath(value string) (path, bool) {
	p := path{inOrder: true, parts: strings.Split(value, "/")}
	for _, part := range p.parts {
		kind, _, _ := strings.Cut(part, "-")
		switch {
		case wildPart.MatchString(part):
			continue
		case !orgPart.MatchString(part):
			return path{}, false
		case kind == "o":
			p.inOrder = p.inOrder && p.organization == "" && p.root == "" && len(p.units) == 0
			p.organization = part
		case kind == "r":
			p.inOrder = p.inOrder && p.root == "" && len(p.units) == 0
			p.root = part
		default:
			p.units = append(p.units, part)
		}
	}
	return p, p.organization != "" || p.root != "" || len(p.units) > 0
}

// unit returns the OU that is meant, the last one; "" if none is.
func (p path) unit() string {
	if len(p.units) == 0 {
		return ""
	}
	return p.units[len(p.units)-1]
}

// all returns the pattern of all accounts in and below what is meant.
func (p path) all() string {
	if p.unit() == "" {
		return p.organization + "/*"
	}
	return p.organization + "/*/" + p.unit() + "/*"
}

// correctPath returns a pattern of org paths as it should be, and what is wrong
// with it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgpaths
func correctPath(value, organization string) (correct, fault string) {
	p, ok := parsePath(strings.ToLower(value))
	if !ok {
		return value, ""
	}
	rest := p.parts[1:]
	last := p.parts[len(p.parts)-1]
	switch {
	case strings.ToLower(value) != value:
		fault = "ids are in lower case"
	case strings.Contains(value, "//"):
		fault = `an org path has no "//"`
	case p.organization == "" && wildPart.MatchString(p.parts[0]) && p.parts[0] != "":
		return value, "" // any organization's
	case p.organization == "":
		fault = "an org path begins with the organization's id"
	case !p.inOrder || p.parts[0] != p.organization:
		fault = "an org path is organization, root, OUs, in this order"
	case p.root != "" && rest[0] != p.root:
		fault = "the root follows the organization, and isn't an OU"
	case len(rest) > 0 && rest[0] != "" && rest[0] == p.unit():
		fault = "between organization and OU is the root"
	case strings.Contains(value, ":"):
		fault = `an org path has no ":"`
	case !wildPart.MatchString(last):
		fault = `an org path ends in "/"`
	default:
		return value, ""
	}
	if p.organization == "" {
		p.organization = organization
	}
	return p.all(), fault
}

// opened returns a condition that lets the account in, and why the one at hand
// means others; "" if it doesn't, or that can't be told.
func (c condition) opened(a Account) (condition, string) {
	isPath := strings.EqualFold(c.key, orgPaths)
	if a.OrgPath == "" || strings.Contains(c.operator, "Not") || (!isPath && !strings.EqualFold(c.key, orgID)) {
		return c, ""
	}
	var organizations, units []string
	for _, v := range c.values {
		p, ok := parsePath(v)
		if !ok || p.organization == "" {
			return c, ""
		}
		organizations = append(organizations, p.organization)
		if p.organization != a.organization() || p.unit() == "" {
			continue
		}
		if slices.Contains(strings.Split(a.OrgPath, "/"), p.unit()) {
			wider := c
			wider.values, wider.operator = []string{p.all()}, "ForAnyValue:StringLike"
			return wider, wider.instead([]string{fmt.Sprintf("%q does not mean all accounts in and below %s", v, p.unit())})
		}
		units = append(units, p.unit())
	}
	wider := c
	wider.values = []string{a.organization()}
	if isPath {
		wider.values, wider.operator = []string{a.OrgPath + "*"}, "ForAnyValue:StringLike"
	}
	switch {
	case !slices.Contains(organizations, a.organization()):
		return wider, fmt.Sprintf("it is for organization %s, and the account is in %s", strings.Join(organizations, ", "), a.organization())
	case len(units) > 0:
		return wider, fmt.Sprintf("it is for %s, where the account is not: share the repository with the account's unit (orgship share), or move the account", strings.Join(units, ", "))
	}
	return c, ""
}
