package policy_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"orgship/policy"
)

// A slow and plain restatement of the rules, over the JSON itself and without a
// line of the evaluator: what FuzzEvaluate holds the evaluator against.

// answer is yes, no or, when the request can't tell, maybe.
type answer string

const (
	isYes answer = "yes"
	isNo  answer = "no"
	maybe answer = "maybe"
)

func answerOf(b bool) answer {
	if b {
		return isYes
	}
	return isNo
}

func opposite(a answer) answer {
	return map[answer]answer{isYes: isNo, isNo: isYes, maybe: maybe}[a]
}

// all is yes if all are, no if one is no; something in between is maybe.
func all(answers ...answer) answer {
	switch {
	case slices.Contains(answers, isNo):
		return isNo
	case slices.Contains(answers, maybe):
		return maybe
	}
	return isYes
}

// oneOf is yes if one is, no if all are no.
func oneOf(answers ...answer) answer {
	switch {
	case slices.Contains(answers, isYes):
		return isYes
	case slices.Contains(answers, maybe):
		return maybe
	}
	return isNo
}

// plainly decides a request.
func plainly(t *testing.T, r policy.Request, identity, resource obj) bool {
	t.Helper()
	identityAllows := false
	for _, s := range statementsOf(identity) {
		applies := statementApplies(t, r, identity, s)
		if s["Effect"] == "Deny" && applies != isNo {
			return false
		}
		identityAllows = identityAllows || (s["Effect"] == "Allow" && applies == isYes)
	}
	resourceAllows, resourceAllowsByName := false, false
	for _, s := range statementsOf(resource) {
		applies := all(statementApplies(t, r, resource, s), answerOf(names(s, r.Principal)))
		if s["Effect"] == "Deny" && applies != isNo {
			return false
		}
		if s["Effect"] == "Allow" && applies == isYes {
			resourceAllows = true
			resourceAllowsByName = resourceAllowsByName || namesItself(s["Principal"], r.Principal)
		}
	}
	owner := ""
	if parts := strings.Split(r.Resource, ":"); len(parts) > 5 {
		owner = parts[4]
	}
	noIdentity := r.Principal.Service != "" || r.Principal.Account == ""
	sameAccount := owner == "" || owner == r.Principal.Account
	switch {
	case noIdentity:
		return resourceAllows
	case !sameAccount:
		return identityAllows && resourceAllows
	case r.Trust:
		return resourceAllowsByName || (resourceAllows && identityAllows)
	default:
		return identityAllows || resourceAllowsByName
	}
}

func statementsOf(document obj) []obj {
	if document == nil {
		return nil
	}
	return document["Statement"].([]obj)
}

// names tells whether Principal or NotPrincipal makes a statement be about who.
func names(s obj, who policy.Principal) bool {
	if p, ok := s["Principal"]; ok {
		return namesItself(p, who) || namesAccount(p, who)
	}
	p := s["NotPrincipal"]
	if services, ok := p.(obj)["Service"]; ok && services == who.Service {
		return false
	}
	return !namesAccount(p, who) || !namesItself(p, who)
}

func namesItself(p any, who policy.Principal) bool {
	if p == "*" {
		return true
	}
	if who.Service != "" {
		return p.(obj)["Service"] == who.Service
	}
	return who.Account != "" && (slices.Contains(p.(obj)["AWS"].([]string), who.ARN) ||
		slices.Contains(p.(obj)["AWS"].([]string), who.RoleARN))
}

func namesAccount(p any, who policy.Principal) bool {
	o, ok := p.(obj)
	return ok && who.Account != "" && who.Service == "" &&
		(slices.Contains(o["AWS"].([]string), who.Account) ||
			slices.Contains(o["AWS"].([]string), "arn:aws:iam::"+who.Account+":root"))
}

// statementApplies looks at everything but the principal.
func statementApplies(t *testing.T, r policy.Request, document, s obj) answer {
	t.Helper()
	variables := document["Version"] == "2012-10-17"
	parts := []answer{isYes}
	for name, value := range s {
		switch name {
		case "Action", "NotAction":
			var hits []answer
			for _, a := range value.([]string) {
				hits = append(hits, answerOf(like(strings.ToLower(r.Action), strings.ToLower(a))))
			}
			hit := oneOf(hits...)
			if name == "NotAction" {
				hit = opposite(hit)
			}
			parts = append(parts, hit)
		case "Resource", "NotResource":
			var hits []answer
			for _, want := range value.([]string) {
				hits = append(hits, coversARN(r, variables, want))
			}
			hit := oneOf(hits...)
			if name == "NotResource" {
				hit = opposite(hit)
			}
			parts = append(parts, hit)
		case "Condition":
			for operator, keys := range value.(obj) {
				for key, values := range keys.(obj) {
					parts = append(parts, conditionHolds(t, r, variables, operator, key, values.([]any)))
				}
			}
		}
	}
	return all(parts...)
}

// like matches "*" and "?" by way of a regular expression; a backslash keeps
// the next character from being a wildcard.
func like(value, pattern string) bool {
	return regexp.MustCompile("(?s)^" + expressionOf(pattern) + "$").MatchString(value)
}

func expressionOf(pattern string) string {
	expression := ""
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
			expression += regexp.QuoteMeta(pattern[i : i+1])
		case '*':
			expression += ".*"
		case '?':
			expression += "."
		default:
			expression += regexp.QuoteMeta(pattern[i : i+1])
		}
	}
	return expression
}

var variable = regexp.MustCompile(`\$\{[^}]*\}`)

// coversARN compares part by part: a "*" that ends a part goes on into the next
// ones, any other wildcard before the last part stays where it is. A variable before
// the last part can't be told.
func coversARN(r policy.Request, variables bool, want string) answer {
	if v := variable.FindStringIndex(want); variables && v != nil && strings.Count(want[:v[0]], ":") < 5 {
		return maybe
	}
	parts := strings.SplitN(want, ":", 6)
	last := parts[len(parts)-1]
	before := strings.TrimSuffix(want, last)
	if len(parts) < 6 {
		before, last = want, ""
	}
	return compare(r, variables, last, func(last string) answer {
		expression := ""
		for i, part := range strings.Split(before, ":") {
			if i > 0 {
				expression += ":"
			}
			open := strings.HasSuffix(part, "*")
			part = strings.TrimSuffix(part, "*")
			expression += strings.NewReplacer(`\*`, "[^:]*", `\?`, "[^:]").Replace(regexp.QuoteMeta(part))
			if open {
				expression += ".*"
			}
		}
		return answerOf(regexp.MustCompile("(?s)^" + expression + expressionOf(last) + "$").MatchString(r.Resource))
	})
}

// compare fills in variables and compares. One that is not in the request matches
// nothing, unless it has a default value; one that nobody knows, or with several
// values, can't be told.
func compare(r policy.Request, variables bool, want string, f func(string) answer) answer {
	filled := isYes
	if variables {
		want = variable.ReplaceAllStringFunc(want, func(v string) string {
			name, otherwise, hasDefault := strings.Cut(v[2:len(v)-1], ", ")
			values, known := find(r, name)
			switch {
			case known && len(values) == 0 && hasDefault:
				values = []string{strings.Trim(otherwise, "'")}
			case known && len(values) == 0:
				filled = isNo
				return ""
			case len(values) != 1:
				filled = all(filled, maybe)
				return ""
			}
			return strings.NewReplacer("*", `\*`, "?", `\?`).Replace(values[0])
		})
	}
	if filled != isYes {
		return filled
	}
	return f(want)
}

func find(r policy.Request, key string) ([]string, bool) {
	for name, values := range r.Context {
		if strings.EqualFold(name, key) {
			return values, true
		}
	}
	return nil, slices.ContainsFunc(r.Complete, func(prefix string) bool { return strings.HasPrefix(strings.ToLower(key), prefix) })
}

func conditionHolds(t *testing.T, r policy.Request, variables bool, operator, key string, wanted []any) answer {
	t.Helper()
	have, known := find(r, key)
	if !known {
		return maybe
	}
	set, base, found := strings.Cut(operator, ":")
	if !found {
		set, base = "", operator
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	if base == "Null" {
		for _, w := range wanted {
			if (fmt.Sprint(w) == "true") == (len(have) == 0) {
				return isYes
			}
		}
		return isNo
	}
	positive := strings.Replace(base, "Not", "", 1)
	if len(have) == 0 {
		return answerOf(set == "ForAllValues" || (set == "" && (ifExists || positive != base)))
	}
	if set == "" && (len(have) > 1 || key == "aws:PrincipalOrgPaths") {
		return maybe
	}
	var answers []answer
	for _, h := range have {
		var hits []answer
		for _, w := range wanted {
			hits = append(hits, pairHolds(t, r, variables, positive, h, fmt.Sprint(w)))
		}
		hit := oneOf(hits...)
		if positive != base {
			hit = opposite(hit)
		}
		answers = append(answers, hit)
	}
	if set == "ForAllValues" {
		return all(answers...)
	}
	return oneOf(answers...)
}

// pairHolds compares one value of the request with one of the condition.
func pairHolds(t *testing.T, r policy.Request, variables bool, operator, have, want string) answer {
	t.Helper()
	takesVariables := !strings.HasPrefix(operator, "Numeric")
	return compare(r, variables && takesVariables, want, func(want string) answer {
		switch operator {
		case "StringEquals":
			return answerOf(have == unescape(want))
		case "StringEqualsIgnoreCase":
			return answerOf(strings.EqualFold(have, unescape(want)))
		case "StringLike":
			return answerOf(like(have, want))
		case "ArnLike", "ArnEquals":
			h, w := strings.SplitN(have, ":", 6), strings.SplitN(want, ":", 6)
			if len(h) < 6 {
				return maybe
			}
			for i := range h {
				if !like(h[i], w[i]) {
					return isNo
				}
			}
			return isYes
		case "Bool":
			if have != "true" && have != "false" {
				return maybe
			}
			return answerOf(have == want)
		}
		h, err := strconv.ParseFloat(have, 64)
		if err != nil {
			return maybe
		}
		w, err := strconv.ParseFloat(want, 64)
		if err != nil {
			t.Fatalf("the fuzz test writes no such number: %q", want)
		}
		return answerOf(map[string]bool{
			"NumericEquals": h == w, "NumericLessThan": h < w, "NumericGreaterThanEquals": h >= w,
		}[operator])
	})
}

func unescape(text string) string { return strings.NewReplacer(`\*`, "*", `\?`, "?").Replace(text) }
