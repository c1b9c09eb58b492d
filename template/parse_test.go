package template_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/template"
)

func TestParseScalars(t *testing.T) {
	t.Parallel()
	tests := []struct{ yaml, json string }{
		{`80`, `80`},
		{`"80"`, `"80"`},
		{`'80'`, `"80"`},
		{`!!str 80`, `"80"`},
		{`2012-10-17`, `"2012-10-17"`}, // a timestamp in YAML 1.1
		{`yes`, `true`},
		{`Off`, `false`},
		{`"yes"`, `"yes"`},
		{`y`, `"y"`},
		{`0x1F`, `31`},
		{`010`, `8`}, // octal in YAML 1.1
		{`08`, `"08"`},
		{`111122223333`, `111122223333`},
		{`1_000`, `1000`},
		{`.5`, `0.5`},
		{`-.5`, `-0.5`},
		{`+1.`, `1`},
		{`012.50`, `12.50`},
		{`1e3`, `1e3`},
		{`1.4.0`, `"1.4.0"`},
		{`~`, `null`},
		{`""`, `""`},
		{"|\n        a\n        b", `"a\nb\n"`},
		{`!Ref A`, `{"Ref":"A"}`},
		{`!GetAtt A.B.C`, `{"Fn::GetAtt":["A","B.C"]}`},
		{`{"Fn::GetAtt": "A.B"}`, `{"Fn::GetAtt":["A","B"]}`},
		{`!GetAtt [A, !Ref B]`, `{"Fn::GetAtt":["A",{"Ref":"B"}]}`},
		{`!Sub "${A}<b>"`, `{"Fn::Sub":"${A}<b>"}`},
		{`!If [C, !Ref A, {Ref: B}]`, `{"Fn::If":["C",{"Ref":"A"},{"Ref":"B"}]}`},
		{`!Or [!Condition C, {Condition: D}]`, `{"Fn::Or":[{"Condition":"C"},{"Condition":"D"}]}`},
		{`!Join ["", [a, !Base64 b]]`, `{"Fn::Join":["",["a",{"Fn::Base64":"b"}]]}`},
		{`!FindInMap [A, !Ref "AWS::Region", B]`, `{"Fn::FindInMap":["A",{"Ref":"AWS::Region"},"B"]}`},
		{`!Select [0, !Split [",", !ImportValue A]]`, `{"Fn::Select":[0,{"Fn::Split":[",",{"Fn::ImportValue":"A"}]}]}`},
		{`!Cidr [!GetAZs "", 2, 8]`, `{"Fn::Cidr":[{"Fn::GetAZs":""},2,8]}`},
		{`!Transform {Name: M, Parameters: {A: 1}}`, `{"Fn::Transform":{"Name":"M","Parameters":{"A":1}}}`},
		{`!Equals [a, !And [!Not [!Equals [b, c]]]]`, `{"Fn::Equals":["a",{"Fn::And":[{"Fn::Not":[{"Fn::Equals":["b","c"]}]}]}]}`},
	}
	for _, tt := range tests {
		got, err := template.Parse([]byte("Resources:\n  A:\n    Type: T\n    Properties:\n      P: " + tt.yaml + "\n"))
		if err != nil {
			t.Errorf("%s: %v", tt.yaml, err)
			continue
		}
		r, _ := got.Resource("A")
		if out := string(r.Properties.Get("P").JSON()); out != tt.json {
			t.Errorf("%s: %s, want %s", tt.yaml, out, tt.json)
		}
	}
}

// TestParseCondition: {"Condition": "X"} is a function where a condition is
// expected, and a key like any other elsewhere.
func TestParseCondition(t *testing.T) {
	t.Parallel()
	parsed := parse(t, `{"Conditions": {"A": {"Condition": "B"}, "B": {"Fn::Equals": [1, 2]}},
		"Resources": {"R": {"Type": "T", "Condition": "A", "Properties": {"Statement": {"Condition": "A"}, "Ref": {"Ref": "R"}}}}}`)
	r, _ := parsed.Resource("R")
	for what, got := range map[string]template.Kind{
		"function":        parsed.Section("Conditions").Get("A").Kind,
		"map":             r.Properties.Get("Statement").Kind,
		"function, too":   r.Properties.Get("Ref").Kind,
		"map of anothers": r.Properties.Kind,
	} {
		if !strings.HasPrefix(what, got.String()) {
			t.Errorf("%s: a %v", what, got)
		}
	}
	if r.Condition != "A" {
		t.Errorf("condition %q", r.Condition)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	const good = "Resources:\n  A:\n    Type: T\n"
	tests := []struct {
		name, src    string
		line, column int
		message      string
	}{
		{"nothing", "", 1, 1, "unsupported structure."},
		{"a comment", "# a\n", 1, 1, "unsupported structure."},
		{"a list", "- a\n", 1, 1, "unsupported structure."},
		{"no resources", "Parameters:\n  P: {Type: String}\n", 1, 1, "At least one Resources member must be defined."},
		{"not YAML", good + "  B: [\n", 4, 1, "YAML not well-formed. (did not find expected node content)"},
		{"a tab", "Resources:\n\tA: b\n", 2, 1, "YAML not well-formed. (found character that cannot start any token)"},
		{"two documents", good + "---\n" + good, 0, 0, "a template is one YAML document; found more than one"},
		{"not UTF-8", "Resources:\n  \xff", 2, 3, "not UTF-8"},
		{"a duplicate", good + "  A:\n    Type: U\n", 4, 3, `duplicate key "A" (first on line 2)`},
		{"a duplicate in JSON", "{\"Resources\": {\"A\": {\"Type\": \"T\"},\n \"A\": {}}}", 2, 2, `duplicate key "A" (first on line 1)`},
		{"an alias", "Resources:\n  A: &a\n    Type: T\n  B: *a\n", 4, 6, "YAML aliases are not allowed in CloudFormation templates"},
		{"a merge", "Resources:\n  A:\n    <<: {Type: T}\n", 3, 5, "YAML merge keys (<<) are not supported in CloudFormation templates"},
		{"a tag", good + "    Properties: !Reff A\n", 4, 17, "the YAML tag !Reff is neither an intrinsic function nor a type that CloudFormation supports"},
		{"a set", good + "    Properties: !!set {a}\n", 4, 17, "the YAML tag !!set is neither an intrinsic function nor a type that CloudFormation supports"},
		{"a key that is a list", good + "    Properties: {[a]: b}\n", 4, 18, "a key must be a plain string"},
		{"not JSON", "{\"Resources\": {\n  \"A\": {\"Type\" \"T\"}}}", 2, 16, "JSON not well-formed. (invalid character '\"' after object key)"},
		{"half of JSON", "{\"Resources\": ", 1, 15, "JSON not well-formed. (unexpected end)"},
		{"too much JSON", "{\"Resources\": {\"A\": {\"Type\": \"T\"}}}\n{}", 2, 1, "JSON not well-formed. (more after the end of the template)"},
		{"an unknown section", good + "Resource:\n  B: c\nOutput: d\n", 4, 1, "Invalid template property or properties [Resource, Output]"},
		{"another version", "AWSTemplateFormatVersion: 2010-09-10\n" + good, 1, 27, "Template format version 2010-09-10 is not supported; the only one is 2010-09-09"},
		{"a description", "Description: 5\n" + good, 1, 14, "every Description member must be a string."},
		{"a section", good + "Outputs: []\n", 4, 10, "Outputs must be a map of members"},
		{"null", "Resources:\n  A:\n", 2, 5, "[/Resources/A] 'null' values are not allowed in templates"},
		{"a name", "Resources:\n  A-1: {Type: T}\n", 2, 3, "Resource name A-1 is non alphanumeric."},
		{"a resource", "Resources: {A: B}\n", 1, 16, "[/Resources/A] resource definition is malformed"},
		{"no type", "Resources:\n  A: {Properties: {}}\n", 2, 6, "[/Resources/A] Every Resources object must contain a Type member."},
		{"an attribute", good + "    Property: {}\n", 4, 5, "Invalid template resource property 'Property'"},
		{"the shape of an attribute", good + "    DependsOn: {}\n", 4, 16, "[/Resources/A/DependsOn] has the wrong shape: a map"},
		{"a parameter", "Parameters: {P: String}\n" + good, 1, 17, "[/Parameters/P] parameter definition is malformed"},
		{"a parameter's name", "Parameters: {P_: {Type: String}}\n" + good, 1, 14, "Parameter name P_ is non alphanumeric."},
		{"a parameter's type", "Parameters: {P: {Default: a}}\n" + good, 1, 17, "Every Parameters object must contain a Type member."},
		{"a default", "Parameters: {P: {Type: String, Default: [a]}}\n" + good, 1, 41, "Every Default member must be a string."},
		{"a mapping", "Mappings: {M: {a: b}}\n" + good, 1, 19, "Every Mappings member M must be a map"},
		{"a mapping's value", "Mappings: {M: {a: {b: {c: d}}}}\n" + good, 1, 23, "Every Mappings attribute must be a String or a List."},
		{"an output", good + "Outputs: {O: a}\n", 4, 14, "[/Outputs/O] must be a map"},
		{"an output's value", good + "Outputs: {O: {Description: a}}\n", 4, 14, "Output O must contain a Value member"},
		{"depth", good + "    Metadata: " + strings.Repeat("[", 600) + strings.Repeat("]", 600) + "\n", 4, 513, "nested deeper than 500 levels"},
	}
	for _, tt := range tests {
		_, err := template.Parse([]byte(tt.src))
		var got *template.Error
		if !errors.As(err, &got) {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(&template.Error{Line: tt.line, Column: tt.column, Message: tt.message}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestPositions: the same template in YAML and JSON has the same tree; each
// node knows its own place.
func TestPositions(t *testing.T) {
	t.Parallel()
	yaml := parse(t, "# é\nResources:\n  A:\n    Type: T\n    Properties: {Ä: [é, !Ref A]}\n")
	json := parse(t, "\ufeff\n{\"Resources\": {\n\"A\": {\"Type\": \"T\", \"Properties\": {\"Ä\": [\"é\", {\"Ref\": \"A\"}]}}}}")
	if !template.Equal(yaml.Root, json.Root) {
		t.Errorf("not the same:\n%s\n%s", yaml.JSON(), json.JSON())
	}
	for parsed, want := range map[*template.Template]string{yaml: "5:18 5:21 5:22 5:25", json: "3:35 3:40 3:41 3:46"} {
		r, _ := parsed.Resource("A")
		e := r.Properties.Entry("Ä")
		got := fmt.Sprintf("%d:%d %d:%d", e.Line, e.Column, e.Value.Line, e.Value.Column)
		for _, item := range e.Value.Items {
			got += fmt.Sprintf(" %d:%d", item.Line, item.Column)
		}
		if got != want {
			t.Errorf("places %s, want %s", got, want)
		}
	}
}

// FuzzParse: what parses has a JSON form that parses to the same.
func FuzzParse(f *testing.F) {
	for _, file := range append(renderSources(f), "testdata/lint/good.yaml", "../cfn/ecr-repository.yaml") {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte("Resources: {A: {Type: T, Properties: {a: 0x_1, b: .5e3, c: 1__0., d: -0b1, e: !!float 5, f: ! x}}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		parsed, err := template.Parse(src)
		if err != nil {
			return
		}
		once := parsed.JSON()
		again, err := template.Parse(once)
		if err != nil {
			t.Fatalf("its JSON doesn't parse: %v\n%s", err, once)
		}
		if twice := again.JSON(); !bytes.Equal(once, twice) {
			t.Fatalf("parsed again it is another:\n%s\n%s", once, twice)
		}
	})
}
