package policy

import (
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// operator is a condition operator without set operator and IfExists.
type operator struct {
	compare   func(have string, want glob) truth // one value of the request, one of the condition
	negated   bool
	null      bool
	wild      bool              // "*" and "?" are wildcards
	variables bool              // values may have policy variables
	check     func(string) bool // nil: any value will do
	form      string            // what check wants
}

// findOperator knows the operators of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// but BinaryEquals.
func findOperator(name string) (operator, bool) {
	if base, family, ok := cutNot(name); ok {
		op, found := findOperator(base)
		op.negated = true
		return op, found && family
	}
	switch name {
	case "StringEquals":
		return operator{compare: matches, variables: true}, true
	case "StringEqualsIgnoreCase":
		return operator{compare: matchesFold, variables: true}, true
	case "StringLike":
		return operator{compare: matches, wild: true, variables: true}, true
	case "ArnEquals", "ArnLike":
		return operator{compare: matchesARN, wild: true, variables: true, check: sixParts, form: "an ARN of six parts"}, true
	case "Bool":
		return operator{compare: sameBool, variables: true, check: isBool, form: "true or false"}, true
	case "Null":
		return operator{null: true, check: isBool, form: "true or false"}, true
	case "IpAddress":
		return operator{compare: inPrefix, check: isPrefix, form: "an IP address or CIDR range"}, true
	}
	return ordered(name)
}

// cutNot turns the name of a negated operator into that of its base.
func cutNot(name string) (base string, negatable, found bool) {
	switch name {
	case "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike",
		"NumericNotEquals", "DateNotEquals", "NotIpAddress":
		return strings.Replace(name, "Not", "", 1), true, true
	}
	return "", false, false
}

// ordered knows the Numeric and Date operators.
func ordered(name string) (operator, bool) {
	family, relation := strings.TrimPrefix(name, "Numeric"), strings.TrimPrefix(name, "Date")
	switch {
	case family != name:
		accept, ok := accepts(family)
		return operator{compare: compareNumbers(accept), check: isNumber, form: "a number"}, ok
	case relation != name:
		accept, ok := accepts(relation)
		return operator{compare: compareDates(accept), check: isDate, form: "a date (ISO 8601 or epoch seconds)"}, ok
	}
	return operator{}, false
}

// accepts returns which results of a comparison (-1, 0, 1) satisfy a relation.
func accepts(relation string) (func(int) bool, bool) {
	switch relation {
	case "Equals":
		return func(c int) bool { return c == 0 }, true
	case "LessThan":
		return func(c int) bool { return c < 0 }, true
	case "LessThanEquals":
		return func(c int) bool { return c <= 0 }, true
	case "GreaterThan":
		return func(c int) bool { return c > 0 }, true
	case "GreaterThanEquals":
		return func(c int) bool { return c >= 0 }, true
	}
	return nil, false
}

func matches(have string, want glob) truth     { return truthOf(want.match(have)) }
func matchesFold(have string, want glob) truth { return truthOf(want.matchFold(have)) }

// matchesARN compares the six colon-separated parts of an ARN one by one, so
// that a wildcard does not cross from one to the next; the last part may have
// colons of its own.
func matchesARN(have string, want glob) truth {
	parts, patterns := strings.SplitN(have, ":", 6), want.split(6)
	if len(parts) < 6 || len(patterns) < 6 {
		return unknown // one of them is no ARN
	}
	for i, p := range patterns {
		if !p.match(parts[i]) {
			return no
		}
	}
	return yes
}

func sixParts(text string) bool { return strings.Count(text, ":") >= 5 }

// sameBool compares booleans; a value of the request that is none is unknown.
func sameBool(have string, want glob) truth {
	if !isBool(have) {
		return unknown
	}
	return truthOf(want.matchFold(have))
}

func isBool(text string) bool {
	return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
}

func inPrefix(have string, want glob) truth {
	addr, err := netip.ParseAddr(have)
	prefix, ok := parsePrefix(text(want))
	if err != nil || !ok {
		return unknown
	}
	return truthOf(prefix.Contains(addr.Unmap()))
}

func isPrefix(text string) bool {
	_, ok := parsePrefix(text)
	return ok
}

func parsePrefix(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked(), true
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, addr.BitLen()), true
}

func compareNumbers(accept func(int) bool) func(string, glob) truth {
	return func(have string, want glob) truth {
		a, ok1 := parseNumber(have)
		b, ok2 := parseNumber(text(want))
		if !ok1 || !ok2 {
			return unknown
		}
		return truthOf(accept(a.Cmp(b)))
	}
}

func isNumber(text string) bool {
	_, ok := parseNumber(text)
	return ok
}

// decimal keeps exponents small: big.Rat would write 1e999999999 out.
var decimal = regexp.MustCompile(`^[+-]?\d{1,40}(\.\d{1,40})?$`)

func parseNumber(text string) (*big.Rat, bool) {
	if !decimal.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

func compareDates(accept func(int) bool) func(string, glob) truth {
	return func(have string, want glob) truth {
		a, ok1 := parseDate(have)
		b, ok2 := parseDate(text(want))
		if !ok1 || !ok2 {
			return unknown
		}
		return truthOf(accept(a.Compare(b)))
	}
}

func isDate(text string) bool {
	_, ok := parseDate(text)
	return ok
}

// parseDate reads the forms of https://www.w3.org/TR/NOTE-datetime, and seconds
// since 1970.
func parseDate(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	return time.Time{}, false
}

// text writes out a pattern of an operator without wildcards.
func text(g glob) string {
	runes := make([]rune, 0, len(g))
	for _, s := range g {
		runes = append(runes, rune(s))
	}
	return string(runes)
}
