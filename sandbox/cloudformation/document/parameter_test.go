package document_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/document"
)

func TestParameters(t *testing.T) {
	t.Parallel()
	previous := document.Values{"P": {Type: "String", Text: "before"}}
	for _, c := range []struct {
		name, declaration string
		given             *types.Parameter
		want, fault       string
	}{
		{"default", "{Type: String, Default: x}", nil, "x", ""},
		{"default number", "{Type: Number, Default: 0.5}", nil, "0.5", ""},
		{"given", "{Type: String, Default: x}", given("y"), "y", ""},
		{"empty", "{Type: String}", given(""), "", ""},
		{"missing", "{Type: String}", nil, "", "Parameters: [P] must have values"},
		{"previous", "{Type: String}", &types.Parameter{UsePreviousValue: aws.Bool(true)}, "before", ""},
		{"allowed", "{Type: String, AllowedValues: [a, 1]}", given("1"), "1", ""},
		{"not allowed", "{Type: String, AllowedValues: [a, b]}", given("c"), "", "Parameter 'P' must be one of AllowedValues"},
		{"described", "{Type: String, AllowedValues: [a], ConstraintDescription: be a}", given("c"), "", "Parameter 'P' failed to satisfy constraint: be a"},
		{"pattern", "{Type: String, AllowedPattern: '[a-z]+'}", given("abc"), "abc", ""},
		{"not whole", "{Type: String, AllowedPattern: '[a-z]+'}", given("abc1"), "", "Parameter 'P' must match pattern [a-z]+"},
		{"Java's pattern", "{Type: String, AllowedPattern: '(?=x)x'}", given("x"), "", "does not model the AllowedPattern of parameter P"},
		{"short", "{Type: String, MinLength: 3}", given("äö"), "", "Parameter 'P' must contain at least 3 characters"},
		{"long", "{Type: String, MaxLength: 1}", given("ab"), "", "Parameter 'P' must contain at most 1 characters"},
		{"no number", "{Type: Number}", given("x"), "", "Parameter 'P' must be a number."},
		{"low", "{Type: Number, MinValue: 2}", given("1"), "", "Parameter 'P' must be a number not less than 2"},
		{"high", "{Type: Number, MaxValue: 2}", given("3"), "", "Parameter 'P' must be a number not greater than 2"},
		{"numbers", "{Type: List<Number>, MaxValue: 2}", given("1,2,3"), "", "Parameter 'P' must be a number not greater than 2"},
	} {
		parsed, err := document.Parse("Parameters: {P: " + c.declaration + "}\nResources: {R: {Type: T}}")
		if err != nil {
			t.Fatal(err)
		}
		var all []types.Parameter
		if c.given != nil {
			c.given.ParameterKey = aws.String("P")
			all = append(all, *c.given)
		}
		values, err := document.Parameters(parsed, all, previous)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: %v, want %s", c.name, err, c.fault)
			}
		} else if err != nil || values["P"].Text != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, values["P"].Text, err, c.want)
		}
	}
}

func given(value string) *types.Parameter { return &types.Parameter{ParameterValue: &value} }

func TestParametersByName(t *testing.T) {
	t.Parallel()
	parsed, err := document.Parse("Parameters: {P: {Type: String, NoEcho: true}}\nResources: {R: {Type: T}}")
	if err != nil {
		t.Fatal(err)
	}
	one := types.Parameter{ParameterKey: aws.String("P"), ParameterValue: aws.String("secret")}
	for _, c := range []struct {
		given []types.Parameter
		fault string
	}{
		{[]types.Parameter{one, {ParameterKey: aws.String("X")}, {ParameterKey: aws.String("Y")}}, "Parameters: [X, Y] do not exist in the template"},
		{[]types.Parameter{one, one}, "Parameter key P is specified more than once"},
		{[]types.Parameter{{ParameterKey: aws.String("P"), UsePreviousValue: aws.Bool(true)}}, "Cannot specify usePreviousValue as true for a parameter key not in the previous template"},
	} {
		if _, err := document.Parameters(parsed, c.given, nil); err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%v, want %s", err, c.fault)
		}
	}
	values, err := document.Parameters(parsed, []types.Parameter{one}, nil)
	if err != nil || values["P"].Shown() != "****" {
		t.Errorf("shown as %s, %v", values["P"].Shown(), err)
	}
}
