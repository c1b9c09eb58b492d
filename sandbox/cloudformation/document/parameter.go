package document

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/wire"
	"orgship/template"
)

// Value is the value of a parameter.
type Value struct {
	Type   string // as declared: "List<AWS::EC2::Subnet::Id>"
	Text   string // as given; lists have commas
	NoEcho bool
	// Resolved is what the Parameter Store had, for a type that names a parameter there.
	Resolved string
}

// Values are the parameters' values by name.
type Values map[string]Value

// Items returns the elements of a list parameter, or the one value of another.
func (v Value) Items() []string {
	v = v.effective()
	if !v.list() {
		return []string{v.Text}
	}
	items := strings.Split(v.Text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// Element returns the type of the value, or of its elements for a list.
func (v Value) Element() string {
	v = v.effective()
	if v.Type == "CommaDelimitedList" {
		return "String"
	}
	return strings.TrimSuffix(strings.TrimPrefix(v.Type, "List<"), ">")
}

// Shown returns the value as the API shows it: **** for NoEcho.
func (v Value) Shown() string {
	if v.NoEcho {
		return "****"
	}
	return v.Text
}

func (v Value) list() bool {
	v = v.effective()
	return v.Type == "CommaDelimitedList" || strings.HasPrefix(v.Type, "List<")
}

func (v Value) value() any {
	v = v.effective()
	if !v.list() {
		return v.Text
	}
	items := []any{}
	for _, item := range v.Items() {
		items = append(items, item)
	}
	return items
}

// parameterType refuses types that AWS doesn't have.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
func parameterType(p template.Parameter) error {
	if stored, ok := storedType(p); ok {
		return storedParameterType(p, stored)
	}
	switch v := (Value{Type: p.Type}); v.Element() {
	case "String", "Number", "AWS::EC2::VPC::Id", "AWS::EC2::Subnet::Id", "AWS::EC2::SecurityGroup::Id", "AWS::EC2::AvailabilityZone::Name":
		if p.Type != "List<String>" {
			return nil
		}
	default:
		if parameterGap(p) {
			return nil
		}
	}
	return invalid("Template format error: Unrecognized parameter type: %s", p.Type)
}

// parameterGap reports whether the sandbox lacks a type that AWS has.
func parameterGap(p template.Parameter) bool {
	switch element := (Value{Type: p.Type}).Element(); element {
	case "AWS::EC2::VPC::Id", "AWS::EC2::Subnet::Id", "AWS::EC2::SecurityGroup::Id", "AWS::EC2::AvailabilityZone::Name":
		return false
	default:
		return strings.HasPrefix(element, "AWS::")
	}
}

// Parameters returns the value of every parameter of a template: what is given,
// what the stack has (previous, nil for a new one), or the default; and checks
// them against their constraints.
func Parameters(t *template.Template, given []types.Parameter, previous Values) (Values, error) {
	byName, err := index(t, given)
	if err != nil {
		return nil, err
	}
	values, missing := Values{}, []string{}
	for _, p := range t.Parameters() {
		text, ok, err := parameterText(p, byName[p.Name], previous)
		if err != nil {
			return nil, err
		}
		if !ok {
			missing = append(missing, p.Name)
			continue
		}
		v := Value{Type: p.Type, Text: text, NoEcho: p.Node.Get("NoEcho").Str() == "true"}
		if err := constraints(p, v); err != nil {
			return nil, err
		}
		values[p.Name] = v
	}
	if len(missing) > 0 {
		return nil, invalid("Parameters: %s must have values", quoted(missing))
	}
	return values, nil
}

// index returns what is given by name, and refuses names the template lacks.
func index(t *template.Template, given []types.Parameter) (map[string]*types.Parameter, error) {
	byName, unknown := map[string]*types.Parameter{}, []string{}
	for i, g := range given {
		name := aws.ToString(g.ParameterKey)
		if byName[name] != nil {
			return nil, invalid("Parameter key %s is specified more than once", name)
		}
		byName[name] = &given[i]
		if t.Section("Parameters").Get(name) == nil {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, invalid("Parameters: %s do not exist in the template", quoted(unknown))
	}
	return byName, nil
}

func parameterText(p template.Parameter, given *types.Parameter, previous Values) (string, bool, error) {
	if given == nil {
		if d := p.Node.Get("Default"); d != nil {
			s, _ := text(scalar(d))
			return s, true, nil
		}
		return "", false, nil
	}
	if !aws.ToBool(given.UsePreviousValue) {
		if given.ParameterValue == nil {
			return "", false, nil
		}
		return *given.ParameterValue, true, nil
	}
	if aws.ToString(given.ParameterValue) != "" {
		return "", false, invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true and a parameter value", p.Name)
	}
	before, ok := previous[p.Name]
	if !ok {
		return "", false, invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", p.Name)
	}
	return before.Text, true, nil
}

// constraints checks a value against its declaration.
func constraints(p template.Parameter, v Value) error {
	v = v.given()
	for _, item := range v.Items() {
		if v.Element() == "Number" {
			if _, err := strconv.ParseFloat(item, 64); err != nil {
				return invalid("Parameter '%s' must be a number.", p.Name)
			}
		}
		wrong, err := violation(p, v, item)
		if err != nil {
			return err
		}
		if wrong == "" {
			continue
		}
		if description := p.Node.Get("ConstraintDescription").Str(); description != "" {
			wrong = "failed to satisfy constraint: " + description
		}
		return invalid("Parameter '%s' %s", p.Name, wrong)
	}
	return nil
}

// violation says which constraint a value breaks, "" for none.
func violation(p template.Parameter, v Value, item string) (string, error) {
	if allowed := p.Node.Get("AllowedValues"); allowed.Is(template.List) {
		if !slices.ContainsFunc(allowed.Items, func(n *template.Node) bool { s, _ := text(scalar(n)); return s == item }) {
			return "must be one of AllowedValues", nil
		}
	}
	if pattern := p.Node.Get("AllowedPattern").Str(); pattern != "" {
		re, err := regexp.Compile(`^(?:` + pattern + `)$`)
		if err != nil {
			return "", wire.NotModelled("the AllowedPattern of parameter %s (%s)", p.Name, err)
		}
		if !re.MatchString(item) {
			return "must match pattern " + pattern, nil
		}
	}
	if v.Element() == "Number" {
		return bounds(p, item, "Value", "must be a number not less than ", "must be a number not greater than ", func(s string) float64 {
			f, _ := strconv.ParseFloat(s, 64) // checked by constraints
			return f
		})
	}
	return bounds(p, v.Text, "Length", "must contain at least ", "must contain at most ", func(s string) float64 {
		return float64(utf8.RuneCountInString(s))
	})
}

func bounds(p template.Parameter, s, of, low, high string, measure func(string) float64) (string, error) {
	suffix := ""
	if of == "Length" {
		suffix = " characters"
	}
	for _, b := range []struct {
		name, text string
		breaks     func(size, limit float64) bool
	}{
		{"Min" + of, low, func(size, limit float64) bool { return size < limit }},
		{"Max" + of, high, func(size, limit float64) bool { return size > limit }},
	} {
		n := p.Node.Get(b.name)
		if n == nil {
			continue
		}
		limit, err := strconv.ParseFloat(n.Str(), 64)
		if err != nil {
			return "", invalid("Template format error: Every %s member must be a number.", b.name)
		}
		if b.breaks(measure(s), limit) {
			return b.text + n.Str() + suffix, nil
		}
	}
	return "", nil
}

// Declarations returns the parameters as GetTemplateSummary shows them.
func Declarations(t *template.Template) []types.ParameterDeclaration {
	var all []types.ParameterDeclaration
	for _, p := range t.Parameters() {
		d := types.ParameterDeclaration{
			ParameterKey: aws.String(p.Name), ParameterType: aws.String(p.Type),
			NoEcho:               aws.Bool(p.Node.Get("NoEcho").Str() == "true"),
			ParameterConstraints: &types.ParameterConstraints{},
		}
		if n := p.Node.Get("Default"); n != nil {
			s, _ := text(scalar(n))
			d.DefaultValue = &s
		}
		if n := p.Node.Get("Description"); n != nil {
			d.Description = aws.String(n.Str())
		}
		if allowed := p.Node.Get("AllowedValues"); allowed.Is(template.List) {
			for _, n := range allowed.Items {
				s, _ := text(scalar(n))
				d.ParameterConstraints.AllowedValues = append(d.ParameterConstraints.AllowedValues, s)
			}
		}
		all = append(all, d)
	}
	return all
}
