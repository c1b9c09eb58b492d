package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"orgship/policy"
)

func TestParseForms(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"one statement, not a list": `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		"old version, id":           `{"Version":"2008-10-17","Id":"x","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		"variables are text in the old version": `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":"*",
			"Resource":"arn:aws:s3:::b/${nonsense"}]}`,
		"principals": `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["*","111111111111","arn:aws:iam::111111111111:root",
			"arn:aws:iam::111111111111:role/p/R","arn:aws:sts::111111111111:assumed-role/R/s"],"Service":["a.amazonaws.com"],
			"Federated":"arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRole"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := policy.Parse([]byte(text)); err != nil {
				t.Error(err)
			}
		})
	}
}

// statement puts elements into a document that is right otherwise.
func withElements(elements string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + elements + `}]}`
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	const rest = `"Action":"*","Resource":"*"`
	for text, want := range map[string]string{
		``:                  "is not complete JSON",
		`{"Statement":`:     "is not complete JSON",
		`[]`:                "must be a JSON object",
		`{} {}`:             "has more after its end",
		`{"Version":"2012"`: "is not complete JSON",
		`{"Version":"2020-01-01","Statement":[]}`: `Version must be "2012-10-17" or "2008-10-17"`,
		`{}`:                  "has no Statement",
		`{"Statement":[]}`:    "Statement is empty",
		`{"Statement":["x"]}`: "statement 1: must be a JSON object",
		`{"Statements":[]}`:   `element "Statements" is unknown`,
		`{"Statement":[{"Effect":"allow",` + rest + `}]}`:                                                    `Effect must be "Allow" or "Deny"`,
		`{"Statement":[{` + rest + `}]}`:                                                                     `Effect must be "Allow" or "Deny"`,
		withElements(`"Effect":"Deny",` + rest):                                                              `"Effect" is there twice`,
		withElements(rest + `,"Conditions":{}`):                                                              `element "Conditions" is unknown`,
		withElements(`"Resource":"*"`):                                                                       "has no Action",
		withElements(rest + `,"NotAction":"*"`):                                                              "Action and NotAction can't stand together",
		withElements(rest + `,"NotResource":"*"`):                                                            "Resource and NotResource can't stand together",
		withElements(`"Action":"Describe*","Resource":"*"`):                                                  `Action "Describe*" must have the form "service:action"`,
		withElements(`"Action":[],"Resource":"*"`):                                                           "Action is empty",
		withElements(`"Action":[7],"Resource":"*"`):                                                          "Action must be a string or a list of strings",
		withElements(`"Action":"*","Resource":"repository/x"`):                                               `Resource "repository/x" must be an ARN or "*"`,
		withElements(`"Action":"*","Resource":"arn:aws:s3:::${aws:username"`):                                "no closing brace",
		withElements(`"Action":"*","Resource":"arn:aws:s3:::${aws:username, x}"`):                            "a default value stands in single quotes",
		withElements(`"Action":"*","Resource":"arn:aws:s3:::${name}"`):                                       "policy variable ${name} is unknown",
		withElements(rest + `,"Principal":"x"`):                                                              `Principal "x" must be "*" or an object of AWS, Service or Federated`,
		withElements(rest + `,"Principal":{}`):                                                               "Principal is empty",
		withElements(rest + `,"Principal":{"CanonicalUser":"x"}`):                                            `kind of principal "CanonicalUser" is not supported`,
		withElements(rest + `,"Principal":{"AWS":"arn:aws:iam::111111111111:role/*"}`):                       "without wildcards",
		withElements(rest + `,"Principal":{"AWS":"AIDAEXAMPLE"}`):                                            `principal "AIDAEXAMPLE" must be`,
		withElements(rest + `,"NotPrincipal":{"AWS":"111111111111"}`):                                        "NotPrincipal with Allow is refused",
		withElements(rest + `,"Condition":[]`):                                                               "Condition must be an object of operators",
		withElements(rest + `,"Condition":{"StringLikes":{"a:k":"v"}}`):                                      `condition operator "StringLikes" is unknown or not supported`,
		withElements(rest + `,"Condition":{"ForAnyValues:StringLike":{"a:k":"v"}}`):                          `set operator "ForAnyValues" is unknown`,
		withElements(rest + `,"Condition":{"StringNotNotEquals":{"a:k":"v"}}`):                               `"StringNotNotEquals" is unknown`,
		withElements(rest + `,"Condition":{"BinaryEquals":{"a:k":"v"}}`):                                     `"BinaryEquals" is unknown or not supported`,
		withElements(rest + `,"Condition":{"NullIfExists":{"a:k":"true"}}`):                                  "Null takes neither IfExists nor a set operator",
		withElements(rest + `,"Condition":{"ForAnyValue:Null":{"a:k":"true"}}`):                              "Null takes neither IfExists nor a set operator",
		withElements(rest + `,"Condition":{"StringEquals":{}}`):                                              "condition StringEquals must be an object of keys",
		withElements(rest + `,"Condition":{"StringEquals":{"key":"v"}}`):                                     `a key must have the form "service:key"`,
		withElements(rest + `,"Condition":{"StringEquals":{"a:k":[]}}`):                                      "has no values",
		withElements(rest + `,"Condition":{"StringEquals":{"a:k":{"x":"y"}}}`):                               "a value must be a string, a number or a boolean",
		withElements(rest + `,"Condition":{"NumericLessThan":{"a:k":"many"}}`):                               `value "many" is not a number`,
		withElements(rest + `,"Condition":{"NumericNear":{"a:k":"1"}}`):                                      `"NumericNear" is unknown`,
		withElements(rest + `,"Condition":{"DateLessThan":{"a:k":"soon"}}`):                                  `value "soon" is not a date`,
		withElements(rest + `,"Condition":{"Bool":{"a:k":"yes"}}`):                                           `value "yes" is not true or false`,
		withElements(rest + `,"Condition":{"IpAddress":{"a:k":"10.0.0"}}`):                                   `value "10.0.0" is not an IP address`,
		withElements(rest + `,"Condition":{"ArnLike":{"a:k":"*"}}`):                                          `value "*" is not an ARN of six parts`,
		withElements(rest + `,"Condition":{"StringEquals":{"a:k":"v"},"StringEquals":{}}`):                   `"StringEquals" is there twice`,
		`{"Statement":[{"Sid":"A","Effect":"Allow",` + rest + `},{"Sid":"A","Effect":"Deny",` + rest + `}]}`: `statement 2: Sid "A" is used twice`,
		strings.Repeat("[", 100):                                                                             "nested deeper",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse([]byte(text))
			var fault *policy.ParseError
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, want a *ParseError with %q", err, want)
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got  %v\nwant %q in it", err, want)
			}
		})
	}
}

// All faults are told at once.
func TestParseAllFaults(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse([]byte(`{"Statement":[{"Effect":"Alow","Action":"x","Resource":"y"},{"Effect":"Deny"}]}`))
	var fault *policy.ParseError
	if !errors.As(err, &fault) || len(fault.Faults) != 4 {
		t.Errorf("want four faults: %v", err)
	}
}

// The checks use IAM's own words, which its clients show to people.
func TestChecks(t *testing.T) {
	t.Parallel()
	identity := document(t, `{"Effect":"Allow","Action":"ecr:*","Resource":"*"}`)
	resource := document(t, `{"Effect":"Allow","Principal":"*","Action":"ecr:*"}`)
	trust := document(t, `{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}`)
	trustWithResource := document(t, `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}`)
	github := func(effect, condition string) *policy.Document {
		return document(t, `{"Effect":"`+effect+`","Principal":{"Federated":"arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
			"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"`+condition+`":"x"}}}`)
	}
	named := func(effect, principal, id, action string) *policy.Document {
		return document(t, `{"Sid":"`+id+`","Effect":"`+effect+`",`+principal+`"Action":"`+action+`"}`)
	}
	const alphanumeric = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
	const vendors = "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards."
	const subject = "token.actions.githubusercontent.com:sub"
	const anybody = "A trust policy that allows token.actions.githubusercontent.com must have a condition on token.actions.githubusercontent.com:sub"
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"GitHub", github("Allow", subject).CheckTrust(), ""},
		{"GitHub, whoever asks", github("Allow", "token.actions.githubusercontent.com:aud").CheckTrust(), anybody},
		{"GitHub, denied", github("Deny", "token.actions.githubusercontent.com:aud").CheckTrust(), ""},
		{"Sid with a hyphen", named("Allow", `"Resource":"*",`, "pull-images", "ecr:*").CheckIdentity(), alphanumeric},
		{"Sid with a space", named("Deny", `"Principal":"*",`, "no one", "sts:*").CheckTrust(), alphanumeric},
		{"Sid of a resource's policy", named("Allow", `"Principal":"*",`, "pull-images", "ecr:*").CheckResource(), ""},
		{"Sid", named("Allow", `"Resource":"*",`, "Pull1", "ecr:*").CheckIdentity(), ""},
		{"any vendor", named("Allow", `"Resource":"*",`, "", "*:Describe*").CheckIdentity(), vendors},
		{"some vendors", named("Deny", `"Resource":"*",`, "", "ec?:*").CheckIdentity(), vendors},
		{"any action", named("Deny", `"Resource":"*",`, "", "*").CheckIdentity(), ""},
		{"NotPrincipal in a trust policy", named("Deny", `"NotPrincipal":{"AWS":"111111111111"},`, "", "sts:AssumeRole").CheckTrust(), "Has prohibited field NotPrincipal"},
		{"NotPrincipal in a resource's policy", named("Deny", `"NotPrincipal":{"AWS":"111111111111"},`, "", "ecr:*").CheckResource(), ""},
		{"identity", identity.CheckIdentity(), ""},
		{"resource", resource.CheckResource(), ""},
		{"trust", trust.CheckTrust(), ""},
		{"resource as identity", resource.CheckIdentity(), "Policy document should not specify a principal."},
		{"identity as resource", identity.CheckResource(), "Missing required field Principal"},
		{"identity as trust", identity.CheckTrust(), "Missing required field Principal"},
		{"resource as trust", resource.CheckTrust(), "AssumeRole policy may only specify STS AssumeRole actions."},
		{"trust with a resource", trustWithResource.CheckTrust(), "Has prohibited field Resource"},
	} {
		got := ""
		if test.err != nil {
			got = test.err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	d := document(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
		"StringEquals":{"aws:PrincipalOrgID":"o-x","a:k":"v"},"Bool":{"aws:PrincipalOrgID":"true"}}}`)
	if got := d.Keys(); !slices.Equal(got, []string{"aws:PrincipalOrgID", "a:k"}) {
		t.Errorf("got %q", got)
	}
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	d := document(t, `{"Effect":"Allow","Principal":{"AWS":["*","111111111111","`+roleARN+`"],"Service":"ecs.amazonaws.com"},"Action":"a:b"},
		{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::222222222222:root","`+sessionARN+`"]},"Action":"a:b"},{"Effect":"Allow","Principal":"*","Action":"a:b"}`)
	if got := d.Principals(); !slices.Equal(got, []string{roleARN, sessionARN}) {
		t.Errorf("got %q", got)
	}
}
