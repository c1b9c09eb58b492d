package document_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/cloudformation/document"
	"orgship/template"
)

var environment = document.Environment{
	Account: "222222222222", Region: "eu-west-1", StackName: "web", StackID: "arn:aws:cloudformation:eu-west-1:222222222222:stack/web/1",
	Zones: []string{"eu-west-1a", "eu-west-1b"},
}

// values resolves the property Value of the resource R in a template of the
// given sections.
func resolve(t *testing.T, sections, value string) (any, error) {
	t.Helper()
	body := sections + "\nResources:\n  Other: {Type: T, Condition: Isnt}\n  Made: {Type: T}\n  R:\n    Type: T\n    Properties:\n      Value: " + value + "\n"
	parsed, err := document.Parse(body)
	if err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	values, err := document.Parameters(parsed, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := document.NewResolver(parsed, environment, values, func(id, attribute string) (any, error) {
		if attribute == "Later" {
			return document.Unknown{Resource: id, Attribute: attribute}, nil
		}
		return strings.TrimSuffix(id+"."+attribute, "."), nil
	})
	if err != nil {
		return nil, err
	}
	properties, err := r.Properties("R")
	return properties["Value"], err
}

const sections = `
Parameters:
  Name: {Type: String, Default: app}
  Count: {Type: Number, Default: 3}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
Mappings:
  Sizes:
    eu-west-1: {Small: "256", Many: [x, y]}
Conditions:
  Is: !Equals [!Ref Name, app]
  Isnt: !Not [!Condition Is]
  Both: !And [!Condition Is, !Equals ["1", 1]]
  Either: !Or [!Condition Isnt, !Condition Is]`

func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value string
		want  any
	}{
		{`!Ref Name`, "app"},
		{`!Ref Count`, "3"},
		{`!Ref Zones`, []any{"a", "b", "c"}},
		{`!Ref Made`, "Made"},
		{`!GetAtt Made.Arn`, "Made.Arn"},
		{`{"Fn::GetAtt": [Made, Arn]}`, "Made.Arn"},
		{`!GetAtt Made.Later`, document.Unknown{Resource: "Made", Attribute: "Later"}},
		{`!Sub "${AWS::StackName}-${Name}-${Made.Arn}-${!Literal}"`, "web-app-Made.Arn-${Literal}"},
		{`!Sub ["${A}/${Name}", {A: !Ref Count}]`, "3/app"},
		{`!Sub "x${Made.Later}"`, document.Unknown{Resource: "Made", Attribute: "Later"}},
		{`!Join ["-", [a, !Ref Name, 1]]`, "a-app-1"},
		{`!Join [",", !Ref Zones]`, "a,b,c"},
		{`!Join ["", [a, !GetAtt Made.Later]]`, document.Unknown{Resource: "Made", Attribute: "Later"}},
		{`!Split ["/", "a/b"]`, []any{"a", "b"}},
		{`!Select [1, !Split ["/", "a/b"]]`, "b"},
		{`!Select ["0", !GetAZs ""]`, "eu-west-1a"},
		{`!If [Is, 1, 2]`, int64(1)},
		{`!If [Isnt, 1, 2.5]`, 2.5},
		{`!If [Both, !If [Either, true, x], y]`, true},
		{`[a, !If [Isnt, b, !Ref AWS::NoValue], c]`, []any{"a", "c"}},
		{`{A: !Ref AWS::NoValue, B: 2012-10-17}`, map[string]any{"B": "2012-10-17"}},
		{`!FindInMap [Sizes, !Ref AWS::Region, Small]`, "256"},
		{`!FindInMap [Sizes, eu-west-1, Many]`, []any{"x", "y"}},
		{`!Cidr [10.0.0.0/16, 3]`, []any{"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"}},
		{`!Select [1, !Cidr [10.0.4.0/22, "2", "9"]]`, "10.0.6.0/23"},
		{`!Cidr ["2001:db8::/56", 2, 64]`, []any{"2001:db8::/64", "2001:db8:0:1::/64"}},
		{`!Cidr [!GetAtt Made.Later, 2, 8]`, document.Unknown{Resource: "Made", Attribute: "Later"}},
		{`"{{resolve:secretsmanager:x}}"`, "{{resolve:secretsmanager:x}}"},
		{`!Base64 hello`, "aGVsbG8="},
		{`!Sub "${AWS::Partition}.${AWS::URLSuffix}.${AWS::AccountId}"`, "aws.amazonaws.com.222222222222"},
	} {
		got, err := resolve(t, sections, c.value)
		if err != nil {
			t.Errorf("%s: %v", c.value, err)
		} else if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.value, d)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`!Ref Nobody`:                         "Unresolved resource dependencies [Nobody] in the Resources block of the template",
		`!Ref Other`:                          "Unresolved resource dependencies [Other] in the Resources block of the template",
		`!Ref [a]`:                            "All Ref expressions must have a non-empty string value",
		`!GetAtt Made`:                        "every Fn::GetAtt object requires two non-empty parameters",
		`!Sub [a]`:                            "One or more Fn::Sub intrinsic functions don't specify expected arguments",
		`!Sub "${Zones}"`:                     "variable Zones in Fn::Sub expression does not resolve to a string",
		`!Join [",", a]`:                      "every Fn::Join object requires two parameters",
		`!Join [",", [[a]]]`:                  "every Fn::Join object requires two parameters",
		`!Split ["", a]`:                      "every Fn::Split object requires two parameters",
		`!Select [2, [a, b]]`:                 "Fn::Select cannot select nonexistent value at index 2",
		`!Select [x, [a]]`:                    "Fn::Select requires a list argument with two elements",
		`!If [Maybe, 1, 2]`:                   "unresolved condition dependency Maybe in Fn::If",
		`!If [Is, 1]`:                         "Fn::If requires a list argument",
		`!FindInMap [Sizes, mars, Small]`:     "Unable to get mapping for Sizes::mars::Small",
		`!FindInMap [Colours, a, b]`:          "Mapping named 'Colours' is not present",
		`!Base64 [a]`:                         "every Fn::Base64 object must have a String-typed value",
		`!GetAZs us-east-1`:                   "does not model availability zones of another region (us-east-1)",
		`!ImportValue x`:                      "does not model the function Fn::ImportValue here",
		`!Length [a]`:                         "does not model the function Fn::Length",
		`!ToJsonString {A: b}`:                "does not model the function Fn::ToJsonString",
		`!Cidr [10.0.0.0/16, 0]`:              "every Fn::Cidr object requires two or three parameters",
		`!Cidr [10.0.0.0/16, 300, 8]`:         "every Fn::Cidr object requires two or three parameters",
		`!Cidr [10.0.0.0/24, 2, 8]`:           "Fn::Cidr can't make 2 blocks with 8 bits each of 10.0.0.0/24",
		`{"Fn::Nonsense": x}`:                 "Fn::Nonsense is not a function of CloudFormation",
		`{A: null}`:                           "'null' values are not allowed",
		`!Equals [!Ref Zones, [[a]]]`:         "every Fn::Equals object requires a list of 2 string parameters",
		`!Not [!Equals [a, b], !Condition Y]`: "every Fn::Not object requires one boolean parameter",
	} {
		if got, err := resolve(t, sections, value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", value, got, err, want)
		}
	}
}

func TestConditionErrors(t *testing.T) {
	t.Parallel()
	for conditions, want := range map[string]string{
		"{A: !Condition B, B: !Condition A}": "Circular dependency between conditions",
		"{A: !Condition B}":                  "Unresolved condition dependency [B]",
		"{A: yes}":                           "Every Conditions member must contain an intrinsic function",
		"{A: !And [!Equals [a, a]]}":         "at least 2 and at most 10",
		"{A: !Join [a, b]}":                  "is not a condition function",
	} {
		if _, err := resolve(t, "Conditions: "+conditions, "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", conditions, err, want)
		}
	}
}

func TestGraph(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, resources, want, fault string }{
		{"references", "{A: {Type: T, Properties: {X: !Ref B, Y: !Sub '${C.Arn}'}}, B: {Type: T, DependsOn: C}, C: {Type: T}}", "C B A", ""},
		{"circle", "{A: {Type: T, DependsOn: B}, B: {Type: T, Properties: {X: !Ref C}}, C: {Type: T, Properties: {X: !GetAtt B.Arn}}, D: {Type: T, DependsOn: A}}", "",
			"Circular dependency between resources: [B, C]"},
		{"itself", "{A: {Type: T, Properties: {X: !Ref A}}}", "", "Circular dependency between resources: [A]"},
	} {
		parsed, err := template.Parse([]byte("Resources: " + c.resources))
		if err != nil {
			t.Fatal(err)
		}
		g, err := document.NewGraph(parsed.Resources())
		if c.fault != "" {
			if err == nil || !strings.HasSuffix(err.Error(), c.fault) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if got := strings.Join(g.Order(), " "); err != nil || got != c.want {
			t.Errorf("%s: order %s, want %s (%v)", c.name, got, c.want, err)
		}
		if got := strings.Join(g.Reverse().Order(), " "); got != "A B C" {
			t.Errorf("%s: deletion order %s", c.name, got)
		}
	}
}

// everything is a catalogue that has every type and attribute.
type everything struct{}

func (everything) HasType(string) bool                              { return true }
func (everything) HasAttribute(string, string) bool                 { return true }
func (everything) Unmodelled(string, *template.Node) []document.Gap { return nil }

// FuzzResolver resolves whatever parses: it may refuse, it may not panic.
func FuzzResolver(f *testing.F) {
	for _, value := range []string{`!Ref Name`, `!Sub ["${A}", {A: !Ref Count}]`, `!Select [0, !GetAZs ""]`, `!If [Both, a, !FindInMap [Sizes, a, b]]`, `!GetAtt [Made, !Ref Name]`, `!Join ["", !Split [",", !Ref Zones]]`} {
		f.Add([]byte(sections + "\nResources:\n  Made: {Type: A::B::C}\n  R:\n    Type: A::B::C\n    Properties: {V: " + value + "}\nOutputs: {O: {Value: " + value + "}}\n"))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		parsed, err := document.Parse(string(body))
		if err != nil || document.Check(parsed, everything{}) != nil {
			return
		}
		values, err := document.Parameters(parsed, nil, nil)
		if err != nil {
			return
		}
		r, err := document.NewResolver(parsed, environment, values, func(id, attribute string) (any, error) {
			return document.Unknown{Resource: id, Attribute: attribute}, nil
		})
		if err != nil {
			return
		}
		for _, resource := range r.Resources() {
			_, _ = r.Properties(resource.ID)
		}
		_, _ = r.Outputs()
	})
}
