package policy

import (
	"fmt"
	"slices"
	"strings"
)

// keys are the condition keys of a request.
type keys struct {
	values   map[string][]string // by lower-case name
	complete []string            // prefixes of the names of which values has all there are
}

// newKeys folds the names' case, which does not matter in IAM.
func newKeys(r Request) keys {
	k := keys{values: make(map[string][]string, len(r.Context))}
	for name, values := range r.Context {
		k.values[strings.ToLower(name)] = values
	}
	for _, prefix := range r.Complete {
		k.complete = append(k.complete, strings.ToLower(prefix))
	}
	return k
}

// find returns the values of a key, none if it is not in the request; false if
// nobody can tell.
func (k keys) find(name string) ([]string, bool) {
	name = strings.ToLower(name)
	values, known := k.values[name]
	return values, known || slices.ContainsFunc(k.complete, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// quantifier is the set operator in front of a condition operator.
type quantifier int

const (
	single quantifier = iota
	forAnyValue
	forAllValues
)

// condition is one operator applied to one key.
type condition struct {
	name     string // as written: "ForAnyValue:StringLike"
	over     quantifier
	operator operator
	ifExists bool
	key      string // as written
	meant    string // the key of AWS's that a misspelt one means
	values   []pattern
}

// conditions reads the Condition block.
func (p *parser) conditions(value any) []condition {
	block, ok := value.(object)
	if !ok {
		p.fault("Condition must be an object of operators")
		return nil
	}
	var out []condition
	for _, m := range block {
		c, err := parseOperator(m.name)
		if err != nil {
			p.fault("%v", err)
			continue
		}
		keys, ok := m.value.(object)
		if !ok || len(keys) == 0 {
			p.fault("condition %s must be an object of keys", m.name)
			continue
		}
		for _, k := range keys {
			c.key, c.meant = k.name, Meant(k.name)
			c.values = p.conditionValues(c, k.value)
			out = append(out, c)
		}
	}
	return out
}

// parseOperator reads "ForAnyValue:StringLikeIfExists".
func parseOperator(name string) (condition, error) {
	c := condition{name: name}
	base := name
	if prefix, rest, found := strings.Cut(name, ":"); found {
		switch prefix {
		case "ForAnyValue":
			c.over = forAnyValue
		case "ForAllValues":
			c.over = forAllValues
		default:
			return condition{}, fmt.Errorf("condition operator %q: set operator %q is unknown (ForAnyValue, ForAllValues)", name, prefix)
		}
		base = rest
	}
	base, c.ifExists = strings.CutSuffix(base, "IfExists")
	var ok bool
	if c.operator, ok = findOperator(base); !ok {
		return condition{}, fmt.Errorf("condition operator %q is unknown or not supported", name)
	}
	if c.operator.null && (c.ifExists || c.over != single) {
		return condition{}, fmt.Errorf("condition operator %q: Null takes neither IfExists nor a set operator", name)
	}
	return c, nil
}

// conditionValues reads and checks the values of one key.
func (p *parser) conditionValues(c condition, value any) []pattern {
	name := fmt.Sprintf("condition %s %s", c.name, c.key)
	if !strings.Contains(c.key, ":") {
		p.fault("%s: a key must have the form \"service:key\"", name)
	}
	out := []pattern{}
	for _, text := range p.scalars(name, value) {
		variables := c.operator.variables && p.version == currentVersion
		parsed, err := parsePattern(text, c.operator.wild, variables)
		if err != nil {
			p.fault("%s: %v", name, err)
			continue
		}
		if c.operator.check != nil && !parsed.hasVariable() && !c.operator.check(text) {
			p.fault("%s: value %q is not %s", name, text, c.operator.form)
			continue
		}
		out = append(out, parsed)
	}
	return out
}

// holds evaluates the condition for a request.
func (c condition) holds(k keys) truth {
	have, known := k.find(c.key)
	switch {
	case !known && c.meant == "": // AWS has no misspelt key: it is never there
		return unknown
	case c.operator.null:
		return c.anyWanted("", func(_ string, want glob) truth {
			return truthOf(want.matchFold("true") == (len(have) == 0))
		}, k)
	case len(have) == 0:
		return c.whenAbsent()
	case c.over == single && (len(have) > 1 || multivalued(c.key)):
		return unknown
	case c.over == forAllValues:
		result := yes
		for _, v := range have {
			result = min(result, c.test(v, k))
		}
		return result
	}
	result := no
	for _, v := range have {
		result = max(result, c.test(v, k))
	}
	return result
}

// whenAbsent is the outcome for a key that is not in the request. Under
// ForAnyValue IfExists changes nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (c condition) whenAbsent() truth {
	switch {
	case c.over == forAnyValue:
		return no
	case c.ifExists, c.over == forAllValues:
		return yes
	}
	return truthOf(c.operator.negated)
}

// test compares one value of the request with all of the condition: it must
// match one of them, or none of them for a negated operator.
func (c condition) test(have string, k keys) truth {
	result := c.anyWanted(have, c.operator.compare, k)
	if c.operator.negated {
		return not(result)
	}
	return result
}

func (c condition) anyWanted(have string, compare func(string, glob) truth, k keys) truth {
	result := no
	for _, p := range c.values {
		want, t := p.resolve(k)
		if t == yes {
			t = compare(have, want)
		}
		result = max(result, t)
	}
	return result
}

// multivalued tells whether a key can have several values by its nature, which
// "require a condition set operator":
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
// Assumption A6: what AWS does without one is not documented, so it stays
// undecided here.
func multivalued(key string) bool {
	switch strings.ToLower(key) {
	case "aws:principalorgpaths", "aws:sourceorgpaths", "aws:resourceorgpaths",
		"aws:tagkeys", "aws:calledvia", "aws:principalservicenameslist":
		return true
	}
	return false
}
