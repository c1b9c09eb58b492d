package policy

import (
	"fmt"
	"strings"
	"unicode"
)

// symbol is a character of a pattern: a rune that stands for itself, or one of
// the wildcards.
type symbol rune

const (
	anyRunes symbol = -1 // "*": any number of characters, separators too
	oneRune  symbol = -2 // "?": one character
)

// glob is a pattern ready to match.
type glob []symbol

// match tells whether the whole of text fits. It needs at most len(g) times
// len(text) steps, whatever the pattern.
func (g glob) match(text string) bool {
	return g.matchFunc(text, func(a, b rune) bool { return a == b })
}

// matchFold is match regardless of case.
func (g glob) matchFold(text string) bool { return g.matchFunc(text, equalFold) }

func equalFold(a, b rune) bool {
	return a == b || unicode.ToLower(a) == unicode.ToLower(b)
}

func (g glob) matchFunc(text string, equal func(a, b rune) bool) bool {
	runes := []rune(text)
	i, j := 0, 0         // in runes, in g
	star, retry := -1, 0 // the last "*" passed, and where its match would grow to
	for i < len(runes) {
		switch {
		case j < len(g) && g[j] == anyRunes:
			star, retry = j, i
			j++
		case j < len(g) && (g[j] == oneRune || equal(rune(g[j]), runes[i])):
			i++
			j++
		case star >= 0:
			retry++
			i, j = retry, star+1
		default:
			return false
		}
	}
	for j < len(g) && g[j] == anyRunes {
		j++
	}
	return j == len(g)
}

// split cuts a pattern at its literal colons into at most n parts.
func (g glob) split(n int) []glob {
	var parts []glob
	start := 0
	for i, s := range g {
		if s == ':' && len(parts) < n-1 {
			parts = append(parts, g[start:i])
			start = i + 1
		}
	}
	return append(parts, g[start:])
}

// literal returns the pattern of a text without wildcards.
func literal(text string) glob {
	g := make(glob, 0, len(text))
	for _, r := range text {
		g = append(g, symbol(r))
	}
	return g
}

// pattern is a value of a document: text with wildcards and policy variables,
// not yet filled in for a request.
type pattern struct {
	text  string // as written
	parts []part
}

// part is a piece of a pattern: symbols, or a variable to fill in.
type part struct {
	symbols  glob
	variable string // condition key, lower case; empty for symbols
}

// parsePattern reads a value. Wildcards count only where wild is set; policy
// variables, ${…}, only where variables is set (documents of version
// 2012-10-17). A variable with a default value is refused.
func parsePattern(text string, wild, variables bool) (pattern, error) {
	p := pattern{text: text}
	rest := text
	for {
		before, after, found := strings.Cut(rest, "${")
		if !found || !variables {
			p.add(wildcards(rest, wild))
			return p, nil
		}
		p.add(wildcards(before, wild))
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			return pattern{}, fmt.Errorf("policy variable in %q has no closing brace", text)
		}
		if err := p.addVariable(name); err != nil {
			return pattern{}, err
		}
		rest = tail
	}
}

func (p *pattern) add(symbols glob) {
	if len(symbols) > 0 {
		p.parts = append(p.parts, part{symbols: symbols})
	}
}

// addVariable adds what stands between the braces: one of the three escapes, or
// the name of a condition key.
func (p *pattern) addVariable(name string) error {
	switch {
	case name == "*" || name == "?" || name == "$":
		p.add(literal(name))
	case strings.Contains(name, ","):
		return fmt.Errorf("policy variable ${%s}: default values are not supported", name)
	case !strings.Contains(name, ":"):
		return fmt.Errorf("policy variable ${%s} is unknown", name)
	default:
		p.parts = append(p.parts, part{variable: strings.ToLower(name)})
	}
	return nil
}

func wildcards(text string, wild bool) glob {
	g := literal(text)
	if !wild {
		return g
	}
	for i, s := range g {
		switch s {
		case '*':
			g[i] = anyRunes
		case '?':
			g[i] = oneRune
		}
	}
	return g
}

// hasVariable tells whether the pattern depends on the request.
func (p pattern) hasVariable() bool {
	for _, part := range p.parts {
		if part.variable != "" {
			return true
		}
	}
	return false
}

// resolve fills in the variables; false when the request has no single value
// for one of them. A value's own "*" and "?" stand for themselves.
func (p pattern) resolve(keys keys) (glob, bool) {
	if len(p.parts) == 1 && p.parts[0].variable == "" {
		return p.parts[0].symbols, true
	}
	var g glob
	for _, part := range p.parts {
		if part.variable == "" {
			g = append(g, part.symbols...)
			continue
		}
		values := keys[part.variable]
		if len(values) != 1 {
			return nil, false
		}
		g = append(g, literal(values[0])...)
	}
	return g, true
}
