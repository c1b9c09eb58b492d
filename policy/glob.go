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
	anyRunes  symbol = -1 // "*": any number of characters, separators too
	oneRune   symbol = -2 // "?": one character
	anyInPart symbol = -3 // "*" within a part of an ARN: it stops at a colon
	oneInPart symbol = -4 // "?" within a part of an ARN: no colon
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
	reached := g.reach(nil, 0) // the places in g, in order, up to which the text fits
	for _, r := range text {
		var next []int
		for _, at := range reached {
			switch {
			case at == len(g):
			case g[at] == anyRunes, g[at] == anyInPart && r != ':':
				next = g.reach(next, at)
			case g[at] == oneRune, g[at] == oneInPart && r != ':', g[at] >= 0 && equal(rune(g[at]), r):
				next = g.reach(next, at+1)
			}
		}
		if reached = next; len(reached) == 0 {
			return false
		}
	}
	return reached[len(reached)-1] == len(g)
}

// reach adds a place, and those behind the "*" that stand there.
func (g glob) reach(places []int, at int) []int {
	for ; len(places) == 0 || places[len(places)-1] < at; at++ {
		places = append(places, at)
		if at == len(g) || (g[at] != anyRunes && g[at] != anyInPart) {
			break
		}
	}
	return places
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
	text      string // as written
	parts     []part
	undecided bool // there is a variable where none can be
}

// part is a piece of a pattern: symbols, or a variable to fill in.
type part struct {
	symbols  glob
	variable string  // condition key; empty for symbols
	fallback *string // what stands for a key that is not in the request
}

// parsePattern reads a value. Wildcards count only where wild is set; policy
// variables, ${…}, only where variables is set (documents of version
// 2012-10-17).
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
	case !strings.Contains(name, ":"):
		return fmt.Errorf("policy variable ${%s} is unknown", name)
	default:
		key, value, found := strings.Cut(name, ",")
		v := part{variable: strings.TrimSpace(key)}
		if found {
			text, ok := unquoted(strings.TrimSpace(value))
			if !ok {
				return fmt.Errorf("policy variable ${%s}: a default value stands in single quotes", name)
			}
			v.fallback = &text
		}
		p.parts = append(p.parts, v)
	}
	return nil
}

func unquoted(text string) (string, bool) {
	inner, begins := strings.CutPrefix(text, "'")
	inner, ends := strings.CutSuffix(inner, "'")
	return inner, begins && ends
}

// inARN makes wildcards of a resource's pattern stay within their part of the ARN,
// but for a "*" that ends it, and makes variables before the last part count for
// nothing:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse
//
// Assumption A121: a variable before the fifth colon is undecided. AWS says only
// that it can't stand there.
func (p *pattern) inARN() {
	colons := 0
	for _, part := range p.parts {
		if part.variable != "" && colons < 5 {
			p.undecided = true
		}
		for i, s := range part.symbols {
			switch ends := i+1 == len(part.symbols) || part.symbols[i+1] == ':'; {
			case colons >= 5:
			case s == ':':
				colons++
			case s == oneRune:
				part.symbols[i] = oneInPart
			case s == anyRunes && !ends:
				part.symbols[i] = anyInPart
			}
		}
	}
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

// resolve fills in the variables, if it can: a pattern with one whose key is not in
// the request matches nothing (no), and one whose key nobody can tell about, or has
// several values, is unknown. A value's own "*" and "?" stand for themselves.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
func (p pattern) resolve(k keys) (glob, truth) {
	if p.undecided {
		return nil, unknown
	}
	if len(p.parts) == 1 && p.parts[0].variable == "" {
		return p.parts[0].symbols, yes
	}
	var g glob
	result := yes
	for _, part := range p.parts {
		if part.variable == "" {
			g = append(g, part.symbols...)
			continue
		}
		values, known := k.find(part.variable)
		switch {
		case known && len(values) == 0 && part.fallback != nil:
			g = append(g, literal(*part.fallback)...)
		case known && len(values) == 0:
			result = no
		case len(values) != 1:
			result = min(result, unknown)
		default:
			g = append(g, literal(values[0])...)
		}
	}
	return g, result
}
