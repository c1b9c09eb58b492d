package document_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/document"
	"orgship/template"
)

// account has two VPCs, and a subnet in the first one.
type account struct{}

func (account) All(parameterType string) ([]string, error) {
	return map[string][]string{"AWS::EC2::VPC::Id": {"vpc-1", "vpc-2"}, "AWS::EC2::Subnet::Id": {"subnet-1"}}[parameterType], nil
}

func (account) Attribute(_, id, attribute string) (string, error) {
	return map[string]string{
		"subnet-1 VpcId": "vpc-1", "subnet-9 VpcId": "vpc-9", "vpc-1 Tags.Department": "IT", "vpc-2 Tags.Department": "Sales",
		"subnet-1 AvailabilityZone": "a", "subnet-9 AvailabilityZone": "b",
	}[id+" "+attribute], nil
}

const ruled = `
Parameters:
  Size: {Type: String, Default: small}
  Zones: {Type: CommaDelimitedList, Default: "a,b"}
  Vpc: {Type: "AWS::EC2::VPC::Id", Default: vpc-1}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>", Default: "subnet-1,subnet-9"}
  BootstrapVersion: {Type: "AWS::SSM::Parameter::Value<String>", Default: /version}
Resources: {R: {Type: T}}
Rules:
  One:
    RuleCondition: CONDITION
    Assertions:
      - Assert: ASSERT
        AssertDescription: it does not hold
`

func rules(t *testing.T, condition, assert string) error {
	t.Helper()
	body := strings.NewReplacer("ASSERT", assert, "CONDITION", condition).Replace(ruled)
	parsed, err := document.Parse(body)
	if err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	if err := check(parsed); err != nil {
		return err
	}
	values, err := document.Parameters(parsed, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := document.NewResolver(parsed, environment, values.WithStored(map[string]string{"/version": "21"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.Rules(account{})
}

// check refuses what AWS refuses, or the sandbox, without any values.
func check(t *template.Template) error {
	if err := document.Check(t, everything{}); err != nil {
		return err
	}
	return document.Refuse(document.Gaps(t, everything{})...)
}

func TestRules(t *testing.T) {
	t.Parallel()
	const never, always = `!Equals [a, b]`, `!Equals [a, a]`
	for _, row := range []struct{ name, condition, assert, want string }{
		{"holds", always, `!Equals [!Ref Size, small]`, ""},
		{"does not", always, `!Equals [!Ref Size, large]`, "Template validation error: it does not hold"},
		{"does not apply", never, `!Equals [!Ref Size, large]`, ""},
		{"the CDK's", always, `{"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], {Ref: BootstrapVersion}]}]}`, ""},
		{"the CDK's, too old", always, `{"Fn::Not": [{"Fn::Contains": [["20", "21"], {Ref: BootstrapVersion}]}]}`, "it does not hold"},
		{"contains", always, `!Contains [!Ref Zones, b]`, ""},
		{"contains not", always, `!Contains [[a, b], c]`, "it does not hold"},
		{"each equals", always, `!EachMemberEquals [[a, a], a]`, ""},
		{"each does not", always, `!EachMemberEquals [!Ref Zones, a]`, "it does not hold"},
		{"each in", always, `!EachMemberIn [[b], !Ref Zones]`, ""},
		{"each not in", always, `!EachMemberIn [[b, c], !Ref Zones]`, "it does not hold"},
		{"all of a type", always, `!EachMemberIn [!ValueOfAll ["AWS::EC2::Subnet::Id", VpcId], !RefAll "AWS::EC2::VPC::Id"]`, "it does not hold"},
		{"all of one parameter", always, `!EachMemberIn [!ValueOf [Subnets, AvailabilityZone], [a, b, c]]`, ""},
		{"a tag", always, `!EachMemberEquals [!ValueOfAll ["AWS::EC2::VPC::Id", Tags.Department], IT]`, ""},
		{"and", always, `!And [!Equals [a, a], !Not [!Equals [a, b]]]`, ""},
		{"or", always, `!Or [!Equals [a, b], !Contains [[x], x]]`, ""},
		{"a region", always, `!Equals [!Ref "AWS::Region", eu-west-1]`, ""},
		{"and of one", always, `!And [!Equals [a, a]]`, "Fn::And has the wrong number of parameters"},
		{"no truth", always, `!Ref Size`, "must be a function that is true or false"},
		{"if", always, `!If [A, b, c]`, "does not model the function Fn::If in Rules"},
		{"no rule function", always, `!Equals [!Join ["", [a, b]], ab]`, "Fn::Join is not a function of Rules"},
		{"a resource", always, `!Equals [!Ref R, a]`, "Unresolved dependencies [R]. Cannot reference resources in the Rules block"},
		{"no function", always, `yes`, "must contain an Assert function"},
	} {
		err := rules(t, row.condition, row.assert)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

// TestStored has parameters that name one in the Parameter Store.
func TestStored(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		declared string
		want     any
		shown    string
		fault    string
	}{
		{"AWS::SSM::Parameter::Value<String>", "a, b", "a, b", ""},
		{"AWS::SSM::Parameter::Value<List<String>>", []any{"a", "b"}, "a, b", ""},
		{"AWS::SSM::Parameter::Value<CommaDelimitedList>", []any{"a", "b"}, "a, b", ""},
		{"AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>", []any{"a", "b"}, "a, b", ""},
		{"AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>", "a, b", "a, b", ""},
		{"AWS::SSM::Parameter::Name", "/p", "", ""},
		{"AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", nil, "", "does not model the parameter type AWS::SSM::Parameter::Value<AWS::EC2::Image::Id> (parameter P) (line 2)"},
		{"AWS::SSM::Parameter::Value<SecureString>", nil, "", "Unrecognized parameter type: SecureString"},
		{"AWS::SSM::Parameter::Value<Number>", nil, "", "Unrecognized parameter type: AWS::SSM::Parameter::Value<Number>"},
		{"AWS::SSM::Parameter::Value<AWS::SSM::Parameter::Name>", nil, "", "Unrecognized parameter type"},
		{"List<AWS::SSM::Parameter::Value<String>>", nil, "", "does not model the parameter type"},
	} {
		parsed, err := document.Parse(`
Parameters: {P: {Type: "` + row.declared + `", Default: /p, MaxLength: 2}}
Resources: {R: {Type: "A::B::C", Properties: {V: !Ref P}}}`)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(parsed); err != nil || row.fault != "" {
			if err == nil || !strings.Contains(err.Error(), row.fault) || row.fault == "" {
				t.Errorf("%s: %v, want %q", row.declared, err, row.fault)
			}
			continue
		}
		values, err := document.Parameters(parsed, []types.Parameter{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		values = values.WithStored(map[string]string{"/p": "a, b"})
		r, err := document.NewResolver(parsed, environment, values, nil)
		if err != nil {
			t.Fatal(err)
		}
		properties, err := r.Properties("R")
		if got, want := format(properties["V"]), format(row.want); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", row.declared, got, err, want)
		}
		if v := values["P"]; v.Shown() != "/p" || v.ShownResolved() != row.shown {
			t.Errorf("%s: shown as %s, %s", row.declared, v.Shown(), v.ShownResolved())
		}
	}
}
