package stack

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/template"
)

// draft is a request read and linted.
type draft struct {
	req      Request
	parsed   *template.Template
	warnings []Finding
	filled   []string // parameters that nothing refers to, and that got Request.Unused
}

func newDraft(req Request) (*draft, error) {
	if n := len(req.Template); n > maxStored || n > maxTemplate && req.Bucket == "" {
		return nil, &TooLargeError{Size: n}
	}
	parsed, err := template.Parse(req.Template)
	if err != nil {
		return nil, fmt.Errorf("reading the template of stack %q: %w", req.Name, err)
	}
	d := &draft{req: req, parsed: parsed}
	return d, d.lint()
}

func (d *draft) plan() Plan {
	return Plan{Name: d.req.Name, Warnings: d.warnings, request: d.req, token: d.tokenPrefix() + random(4)}
}

func items(n *template.Node) []*template.Node {
	if !n.Is(template.List) {
		return nil
	}
	return n.Items
}

// parameters pairs what the template declares with what is given and what the
// stack already has (nil: a new stack). Lost are the values of a stack that this
// one takes the place of: they can't be kept, so they are given again.
func (d *draft) parameters(before, lost map[string]string) ([]types.Parameter, error) {
	declared := d.parsed.Parameters()
	if err := d.unknown(declared); err != nil {
		return nil, err
	}
	var out []types.Parameter
	for _, p := range declared {
		value, given := d.req.Parameters[p.Name]
		_, had := before[p.Name]
		switch {
		case given:
			out = append(out, types.Parameter{ParameterKey: &p.Name, ParameterValue: &value})
		case had:
			out = append(out, types.Parameter{ParameterKey: &p.Name, UsePreviousValue: aws.Bool(true)})
		case known(lost, p.Name):
			out = append(out, types.Parameter{ParameterKey: &p.Name, ParameterValue: aws.String(lost[p.Name])})
		case p.Node.Get("Default") == nil && d.req.Unused != "" && d.unused(p):
			out = append(out, types.Parameter{ParameterKey: &p.Name, ParameterValue: aws.String(d.filler(p))})
			d.filled = append(d.filled, p.Name)
		case p.Node.Get("Default") == nil:
			return nil, &ParameterError{Name: p.Name, Missing: true, Declared: parameterNames(declared)}
		}
	}
	return out, nil
}

// hidden is what CloudFormation shows of a NoEcho parameter's value.
const hidden = "****"

// known reports whether a value of an earlier stack can be given again: that of a
// NoEcho parameter isn't shown.
func known(lost map[string]string, name string) bool {
	value, had := lost[name]
	return had && value != hidden
}

// filler is the value for a parameter that nothing refers to: the first that it
// allows where it names them.
func (d *draft) filler(p template.Parameter) string {
	if allowed := items(p.Node.Get("AllowedValues")); len(allowed) > 0 {
		return allowed[0].Str()
	}
	return d.req.Unused
}

// filledIn says which parameters got a value without being asked for.
func (d *draft) filledIn() string {
	if len(d.filled) == 0 {
		return ""
	}
	return "; nothing refers to parameter " + strings.Join(d.filled, ", ") + " any more: it got a value that nobody reads"
}

// takes reports whether a parameter allows a value. A pattern is Java's and has
// to fit the whole: one that can't be read here allows nothing.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
func takes(p template.Parameter, value string) bool {
	if p.Type != "String" || value == "" {
		return false
	}
	if n := p.Node.Get("AllowedPattern"); n != nil {
		pattern, err := regexp.Compile(`^(?:` + n.Str() + `)$`)
		if err != nil || !pattern.MatchString(value) {
			return false
		}
	}
	length := len([]rune(value))
	for name, fits := range map[string]func(limit int) bool{
		"MinLength": func(limit int) bool { return length >= limit },
		"MaxLength": func(limit int) bool { return length <= limit },
	} {
		n := p.Node.Get(name)
		if n == nil {
			continue
		}
		if limit, err := strconv.Atoi(n.Str()); err != nil || !fits(limit) {
			return false
		}
	}
	return true
}

// unused reports whether nothing refers to a parameter, and there is a value that
// it takes.
func (d *draft) unused(p template.Parameter) bool {
	if !takes(p, d.filler(p)) {
		return false
	}
	return !slices.ContainsFunc(template.References(d.parsed.Root), func(r template.Reference) bool { return r.Target == p.Name })
}

func (d *draft) unknown(declared []template.Parameter) error {
	names := parameterNames(declared)
	for _, given := range sortedKeys(d.req.Parameters) {
		if !slices.Contains(names, given) {
			return &ParameterError{Name: given, Declared: names}
		}
	}
	return nil
}

func parameterNames(declared []template.Parameter) []string {
	names := make([]string, len(declared))
	for i, p := range declared {
		names[i] = p.Name
	}
	return names
}

// tokenPrefix is the part of an operation's token that tells what it is to do:
// the same for the same request. Values of NoEcho parameters stay out of it,
// because tokens show in events.
func (d *draft) tokenPrefix() string {
	h := sha256.New()
	if d.req.Identity != nil {
		h.Write(d.req.Identity)
	} else {
		h.Write(d.req.Template)
	}
	for _, p := range d.parsed.Parameters() {
		if value, given := d.req.Parameters[p.Name]; given && p.Node.Get("NoEcho").Str() != "true" {
			h.Write([]byte("\x00" + p.Name + "\x00" + value))
		}
	}
	return tokenMark + d.req.purpose() + hex.EncodeToString(h.Sum(nil))[:24] + "-"
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: https://pkg.go.dev/crypto/rand#Read
	return hex.EncodeToString(b)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
