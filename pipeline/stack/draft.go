package stack

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/template"
)

// draft is a request read and linted.
type draft struct {
	req      Request
	parsed   *template.Template
	warnings []Finding
	hook     *template.Hook // the blue/green hook; nil without one
}

func newDraft(req Request) (*draft, error) {
	if len(req.Template) > maxTemplate {
		return nil, &TooLargeError{Size: len(req.Template)}
	}
	parsed, err := template.Parse(req.Template)
	if err != nil {
		return nil, fmt.Errorf("reading the template of stack %q: %w", req.Name, err)
	}
	d := &draft{req: req, parsed: parsed}
	for _, h := range parsed.Hooks() {
		if h.Type == "AWS::CodeDeploy::BlueGreen" {
			d.hook = &h
		}
	}
	return d, d.lint()
}

func (d *draft) plan() Plan {
	return Plan{Name: d.req.Name, Warnings: d.warnings, request: d.req, token: d.tokenPrefix() + random(4)}
}

// routed returns the logical ids of the listeners that the hook changes, and of
// their rules.
func (d *draft) routed() []string {
	if d.hook == nil {
		return nil
	}
	var ids []string
	for _, app := range items(d.hook.Properties.Get("Applications")) {
		for _, route := range []string{"ProdTrafficRoute", "TestTrafficRoute"} {
			if id := app.Find("ECSAttributes", "TrafficRouting", route, "LogicalID").Str(); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return append(ids, d.rules(ids)...)
}

// rules returns the logical ids of the rules of listeners.
func (d *draft) rules(listeners []string) []string {
	var ids []string
	for _, r := range d.parsed.Resources() {
		if r.Type != ruleType {
			continue
		}
		for _, ref := range template.References(r.Properties.Get("ListenerArn")) {
			if slices.Contains(listeners, ref.Target) {
				ids = append(ids, r.ID)
			}
		}
	}
	return ids
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
			out = append(out, types.Parameter{ParameterKey: &p.Name, ParameterValue: aws.String(d.req.Unused)})
		case p.Node.Get("Default") == nil:
			return nil, &ParameterError{Name: p.Name, Missing: true, Declared: parameterNames(declared)}
		}
	}
	return out, nil
}

// known reports whether a value of an earlier stack can be given again: that of a
// NoEcho parameter isn't shown.
func known(lost map[string]string, name string) bool {
	value, had := lost[name]
	return had && value != "****"
}

// unused reports whether nothing refers to a parameter that takes any text.
func (d *draft) unused(p template.Parameter) bool {
	if p.Type != "String" || p.Node.Get("AllowedPattern") != nil || p.Node.Get("AllowedValues") != nil {
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
