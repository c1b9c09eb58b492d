package template_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/template"
)

func TestNode(t *testing.T) {
	t.Parallel()
	n := template.NewMap(template.Entry{Key: "a", Value: template.NewList(template.Number("0x10"), template.Bool(true))})
	n.Set("b", template.NewFunction("Ref", template.String("X")))
	copied := n.Clone()
	n.Set("a", template.String("<&>"))
	n.Delete("b")
	if got := string(n.JSON()); got != `{"a":"<&>"}` {
		t.Errorf("changed: %s", got)
	}
	if got := string(copied.JSON()); got != `{"a":[16,true],"b":{"Ref":"X"}}` {
		t.Errorf("the copy: %s", got)
	}
	var none *template.Node
	if none.Get("a") != nil || none.Find("a", "b") != nil || none.Str() != "" || none.Is(template.Map) || !none.IsNull() || none.Keys() != nil || string(none.JSON()) != "null" {
		t.Error("a nil node isn't empty")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	pairs := []struct {
		a, b *template.Node
		want bool
	}{
		{nil, nil, true},
		{nil, template.NewMap(), false},
		{template.String("1"), template.Number("1"), false},
		{template.NewList(template.Number("1")), template.NewList(template.Number("1")), true},
		{template.NewList(), template.NewMap(), false},
		{template.NewFunction("Ref", template.String("a")), template.NewFunction("Fn::Sub", template.String("a")), false},
		{
			template.NewMap(template.Entry{Key: "a", Value: template.Bool(true), Line: 3}, template.Entry{Key: "b", Value: template.NewMap()}),
			template.NewMap(template.Entry{Key: "b", Value: template.NewMap()}, template.Entry{Key: "a", Value: template.Bool(true)}),
			true,
		},
		{template.NewMap(template.Entry{Key: "a", Value: template.Bool(true)}), template.NewMap(template.Entry{Key: "b", Value: template.Bool(true)}), false},
	}
	for _, p := range pairs {
		if got := template.Equal(p.a, p.b); got != p.want {
			t.Errorf("%s and %s: %t", p.a.JSON(), p.b.JSON(), got)
		}
	}
}

func TestViews(t *testing.T) {
	t.Parallel()
	parsed := parse(t, `
Description: all of it
Transform: [A, {Name: B}]
Parameters: {P: {Type: Number, Default: 1}}
Hooks: {H: {Type: X, Properties: {a: 1}}}
Resources:
  R:
    Type: T
    DependsOn: [S]
    DeletionPolicy: Retain
    UpdateReplacePolicy: Delete
    Condition: C
    Metadata: {m: 1}
  S: {Type: U, DependsOn: R}
Outputs:
  O: {Value: !Ref R, Condition: C, Export: {Name: n}}
`)
	r, ok := parsed.Resource("R")
	s, _ := parsed.Resource("S")
	_, none := parsed.Resource("Z")
	o, h, p := parsed.Outputs()[0], parsed.Hooks()[0], parsed.Parameters()[0]
	got := fmt.Sprintln(parsed.Description(), parsed.Transforms(), ok, none, len(parsed.Resources()),
		r.DependsOn, s.DependsOn, r.DeletionPolicy, r.UpdateReplacePolicy, r.Condition, r.Metadata.Keys(), r.Entry.Line,
		o.Name, o.Condition, o.Export.Str(), h.ID, h.Type, h.Properties.Keys(), p.Name, p.Type)
	want := "all of it [A B] true false 2 [S] [R] Retain Delete C [m] 7 O C n H X [a] P Number\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if parse(t, "Transform: Z\nResources: {A: {Type: T}}").Transforms()[0] != "Z" {
		t.Error("a single transform")
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	parsed := parse(t, `
Resources:
  R:
    Type: T
    Properties:
      P:
        - !Ref A
        - !GetAtt B.Arn
        - !Sub "${C}-${D.Id}-${!E}-${AWS::Region}"
        - !Sub ["${F}${G}", {F: !Ref H}]
        - !If [X, !Join ["", [!Ref I]], !Sub "${open"]
`)
	var got []string
	for _, r := range template.References(parsed.Root) {
		got = append(got, r.Target+"."+r.Attribute)
	}
	if diff := cmp.Diff([]string{"A.", "B.Arn", "C.", "D.Id", "AWS::Region.", "G.", "H.", "I."}, got); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
}

func TestSubParts(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                 `[{ }]`,
		"a":                `[{a }]`,
		"${A}":             `[{ A}]`,
		"a-${ B }-${!C}$d": `[{a- } { B} {-${C}$d }]`,
		"${A.B}${C}":       `[{ A.B} { C}]`,
	}
	for text, want := range tests {
		parts, err := template.SubParts(text)
		if got := fmt.Sprint(parts); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
	if _, err := template.SubParts("a${b"); err == nil {
		t.Error("an open ${ is taken")
	}
}
