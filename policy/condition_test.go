package policy_test

import (
	"fmt"
	"testing"

	"orgship/policy"
)

// holds asks whether a Condition block lets an Allow apply. A key given as
// absent is known not to be in the request.
func holds(t *testing.T, effect, block string, keys map[string][]string) bool {
	t.Helper()
	statements := fmt.Sprintf(`{"Effect":%q,"Action":"*","Resource":"*","Condition":%s}`, effect, block)
	if effect == "Deny" {
		statements += `,{"Effect":"Allow","Action":"*","Resource":"*"}`
	}
	return policy.Evaluate(policy.Request{
		Principal: insider(), Action: "ecs:ListClusters", Resource: "*",
		Identity: identities(t, statements), Context: keys,
	}).Allowed
}

type values = map[string][]string

// TestConditions follows
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func TestConditions(t *testing.T) {
	t.Parallel()
	absent := values{"a:k": nil}
	one := func(v string) values { return values{"a:k": {v}} }
	several := func(v ...string) values { return values{"a:k": v} }
	for _, test := range []struct {
		block string
		keys  values
		want  bool
	}{
		{`{"StringEquals":{"a:k":"v"}}`, one("v"), true},
		{`{"StringEquals":{"A:K":"v"}}`, one("v"), true},
		{`{"StringEquals":{"a:k":"v"}}`, one("V"), false},
		{`{"StringEquals":{"a:k":"v*"}}`, one("vw"), false},
		{`{"StringEquals":{"a:k":["u","v"]}}`, one("v"), true},
		{`{"StringEquals":{"a:k":"v"}}`, absent, false},
		{`{"StringNotEquals":{"a:k":"v"}}`, one("w"), true},
		{`{"StringNotEquals":{"a:k":["v","w"]}}`, one("w"), false},
		{`{"StringNotEquals":{"a:k":"v"}}`, absent, true},
		{`{"StringEqualsIgnoreCase":{"a:k":"v"}}`, one("V"), true},
		{`{"StringNotEqualsIgnoreCase":{"a:k":"v"}}`, one("V"), false},
		{`{"StringLike":{"a:k":"v*"}}`, one("v/w"), true},
		{`{"StringLike":{"a:k":"v?w"}}`, one("v/w"), true},
		{`{"StringLike":{"a:k":"v"}}`, one("v/w"), false},
		{`{"StringLike":{"a:k":""}}`, one(""), true},
		{`{"StringNotLike":{"a:k":"v*"}}`, one("w"), true},
		{`{"StringEqualsIfExists":{"a:k":"v"}}`, absent, true},
		{`{"StringEqualsIfExists":{"a:k":"v"}}`, one("w"), false},
		{`{"StringEquals":{"a:k":"${a:other}"}}`, values{"a:k": {"v"}, "a:other": {"v"}}, true},
		{`{"StringLike":{"a:k":"${a:other}/*"}}`, values{"a:k": {"*/x"}, "a:other": {"*"}}, true},
		{`{"StringLike":{"a:k":"${a:other}"}}`, values{"a:k": {"v"}, "a:other": {"*"}}, false},
		{`{"StringNotLike":{"a:k":"${a:other}"}}`, one("v"), false}, // nobody knows: undecided
		{`{"StringEquals":{"a:k":"${a:other}"}}`, values{"a:k": {"v"}, "a:other": nil}, false},
		{`{"StringLike":{"a:k":"*${a:other}"}}`, values{"a:k": {"v"}, "a:other": nil}, false},
		{`{"StringLike":{"a:k":["${a:other}","v"]}}`, values{"a:k": {"v"}, "a:other": nil}, true},
		{`{"StringNotEquals":{"a:k":"${a:other}"}}`, values{"a:k": {"v"}, "a:other": nil}, true},
		{`{"StringNotLike":{"a:k":"${a:other}*"}}`, values{"a:k": {"v"}, "a:other": nil}, true},
		{`{"ArnNotLike":{"a:k":"arn:aws:iam::1:role/${a:other}"}}`, values{"a:k": {"arn:aws:iam::1:role/R"}, "a:other": nil}, true},
		{`{"StringEquals":{"a:k":"${a:other, 'v'}"}}`, values{"a:k": {"v"}, "a:other": nil}, true},
		{`{"StringEquals":{"a:k":"${a:other, 'v'}"}}`, values{"a:k": {"v"}, "a:other": {"w"}}, false},
		{`{"StringNotEquals":{"a:k":"${a:other, 'v'}"}}`, one("w"), false}, // nobody knows: undecided
		{`{"StringEquals":{"a:k":"v","a:l":"w"}}`, values{"a:k": {"v"}, "a:l": {"x"}}, false},
		{`{"StringEquals":{"a:k":"v"},"StringLike":{"a:l":"w"}}`, values{"a:k": {"v"}, "a:l": {"w"}}, true},

		{`{"ArnLike":{"a:k":"arn:aws:iam::*:role/*"}}`, one("arn:aws:iam::111111111111:role/path/R"), true},
		{`{"ArnLike":{"a:k":"arn:aws:s:*:1:finance/*"}}`, one("arn:aws:s:us:9:store/abc:1:finance/d"), false},
		{`{"StringLike":{"a:k":"arn:aws:s:*:1:finance/*"}}`, one("arn:aws:s:us:9:store/abc:1:finance/d"), true},
		{`{"ArnEquals":{"a:k":"arn:aws:iam::1:role/*"}}`, one("arn:aws:iam::1:role/R"), true},
		{`{"ArnNotEquals":{"a:k":"arn:aws:iam::1:role/*"}}`, one("arn:aws:iam::2:role/R"), true},
		{`{"ArnNotLike":{"a:k":"arn:aws:iam::1:role/*"}}`, one("no ARN"), false},

		{`{"Bool":{"a:k":"true"}}`, one("true"), true},
		{`{"Bool":{"a:k":true}}`, one("True"), true},
		{`{"Bool":{"a:k":false}}`, one("true"), false},
		{`{"Bool":{"a:k":"false"}}`, absent, false},
		{`{"BoolIfExists":{"a:k":"false"}}`, absent, true},
		{`{"Null":{"a:k":"true"}}`, absent, true},
		{`{"Null":{"a:k":"true"}}`, one("v"), false},
		{`{"Null":{"a:k":false}}`, one("v"), true},
		{`{"Null":{"a:k":"false"}}`, absent, false},

		{`{"NumericEquals":{"a:k":1}}`, one("1.0"), true},
		{`{"NumericLessThan":{"a:k":"10"}}`, one("9"), true},
		{`{"NumericLessThan":{"a:k":"10"}}`, one("10"), false},
		{`{"NumericLessThanEquals":{"a:k":"10"}}`, one("10"), true},
		{`{"NumericGreaterThan":{"a:k":"10"}}`, one("9"), false},
		{`{"NumericGreaterThanEquals":{"a:k":"10"}}`, one("11"), true},
		{`{"NumericNotEquals":{"a:k":"10"}}`, one("11"), true},
		{`{"NumericNotEquals":{"a:k":"10"}}`, one("eleven"), false}, // undecided
		{`{"DateLessThan":{"a:k":"2026-01-01T00:00:00Z"}}`, one("2025-12-31T23:59:59Z"), true},
		{`{"DateGreaterThan":{"a:k":"2026-01-01"}}`, one("2025-12-31T23:59:59Z"), false},
		{`{"DateEquals":{"a:k":"2026-01-01T00:00Z"}}`, one("1767225600"), true},
		{`{"DateNotEquals":{"a:k":"2026-01"}}`, one("2026-02-01"), true},
		{`{"IpAddress":{"a:k":"203.0.113.0/24"}}`, one("203.0.113.7"), true},
		{`{"IpAddress":{"a:k":["10.0.0.1","2001:db8::/32"]}}`, one("2001:db8::1"), true},
		{`{"IpAddress":{"a:k":"10.0.0.1"}}`, one("10.0.0.2"), false},
		{`{"NotIpAddress":{"a:k":"10.0.0.0/8"}}`, one("192.0.2.1"), true},
		{`{"NotIpAddress":{"a:k":"10.0.0.0/8"}}`, one("nowhere"), false}, // undecided

		{`{"ForAnyValue:StringEquals":{"a:k":["u","v"]}}`, several("v", "w"), true},
		{`{"ForAnyValue:StringEquals":{"a:k":["u","v"]}}`, several("w", "x"), false},
		{`{"ForAnyValue:StringEquals":{"a:k":"v"}}`, absent, false},
		{`{"ForAnyValue:StringEqualsIfExists":{"a:k":"v"}}`, absent, false},
		{`{"ForAnyValue:StringNotLikeIfExists":{"a:k":"v"}}`, absent, false},
		{`{"ForAnyValue:StringNotEquals":{"a:k":"v"}}`, several("v", "w"), true},
		{`{"ForAnyValue:StringNotEquals":{"a:k":["v","w"]}}`, several("v", "w"), false},
		{`{"ForAnyValue:StringNotEquals":{"a:k":"v"}}`, absent, false},
		{`{"ForAllValues:StringLike":{"a:k":["v*","w"]}}`, several("vv", "w"), true},
		{`{"ForAllValues:StringLike":{"a:k":["v*"]}}`, several("vv", "w"), false},
		{`{"ForAllValues:StringNotEquals":{"a:k":"v"}}`, several("u", "w"), true},
		{`{"ForAllValues:StringNotEquals":{"a:k":"v"}}`, several("u", "v"), false},
		{`{"ForAllValues:StringEquals":{"a:k":"v"}}`, absent, true},
		{`{"StringEquals":{"a:k":"v"}}`, several("v", "v"), false},    // needs a set operator: undecided
		{`{"StringNotEquals":{"a:k":"v"}}`, several("u", "w"), false}, // likewise
		{`{"StringNotEquals":{"aws:TagKeys":"v"}}`, values{"aws:TagKeys": {"u"}}, false},
		{`{}`, nil, true},
	} {
		t.Run(fmt.Sprint(test.block, test.keys), func(t *testing.T) {
			t.Parallel()
			if got := holds(t, "Allow", test.block, test.keys); got != test.want {
				t.Errorf("holds: %t, want %t", got, test.want)
			}
		})
	}
}

// What can't be decided never allows, whatever the operator, and does deny;
// a condition that surely fails settles the matter all the same.
func TestUndecided(t *testing.T) {
	t.Parallel()
	for _, block := range []string{
		`{"StringEquals":{"a:unknown":"v"}}`,
		`{"StringNotEquals":{"a:unknown":"v"}}`,
		`{"StringEqualsIfExists":{"a:unknown":"v"}}`,
		`{"ForAllValues:StringEquals":{"a:unknown":"v"}}`,
		`{"Null":{"a:unknown":"true"}}`,
		`{"Null":{"a:unknown":"false"}}`,
		`{"StringEquals":{"a:k":"v"},"Bool":{"a:unknown":"true"}}`,
	} {
		t.Run(block, func(t *testing.T) {
			t.Parallel()
			keys := values{"a:k": {"v"}}
			if holds(t, "Allow", block, keys) {
				t.Error("an undecided Allow allowed")
			}
			if holds(t, "Deny", block, keys) {
				t.Error("an undecided Deny did not deny")
			}
		})
	}
	if !holds(t, "Deny", `{"Bool":{"a:unknown":"true"},"StringEquals":{"a:k":"x"}}`, values{"a:k": {"v"}}) {
		t.Error("a Deny denied although one of its conditions surely fails")
	}
}

// A Deny that asks for what is surely not in the request does nothing, and one that
// asks for it to be another does.
func TestDenyOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	session := values{"aws:username": nil, "aws:userid": {"AROAEXAMPLE:s"}, "aws:PrincipalOrgPaths": nil}
	for statement, denied := range map[string]bool{
		`"Resource":"*","Condition":{"StringEquals":{"aws:userid":"${aws:username}"}}`:                            false,
		`"Resource":"*","Condition":{"StringNotEquals":{"aws:userid":"${aws:username}"}}`:                         true,
		`"Resource":"*","Condition":{"ForAnyValue:StringNotLikeIfExists":{"aws:PrincipalOrgPaths":"o-abc123/*"}}`: false,
		`"Resource":"*","Condition":{"ForAllValues:StringNotLike":{"aws:PrincipalOrgPaths":"o-abc123/*"}}`:        true,
		`"Resource":"arn:aws:ecr:*:*:repository/${aws:username}"`:                                                 false,
		`"Resource":"arn:aws:ecr:*:*:repository/${aws:username, 'demo'}"`:                                         true,
		`"Resource":"arn:aws:ecr:*:*:repository/${a:unknown}"`:                                                    true,
		`"NotResource":"arn:aws:ecr:*:*:repository/${aws:username}"`:                                              true,
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			d := policy.Evaluate(policy.Request{
				Principal: insider(), Action: "ecr:PutImage", Resource: repository, Context: session,
				Identity: identities(t, `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*",`+statement+`}`),
			})
			if d.Allowed == denied {
				t.Errorf("allowed %t: %s", d.Allowed, d.Reason)
			}
		})
	}
}

// Of keys that begin so the request has all there are: the others are surely not there.
func TestComplete(t *testing.T) {
	t.Parallel()
	for block, want := range map[string]bool{
		`{"StringEquals":{"a:tag/team":"red"}}`:               true,
		`{"StringEquals":{"A:TAG/Team":"red"}}`:               true,
		`{"StringNotEquals":{"a:tag/other":"red"}}`:           true,
		`{"Null":{"a:tag/other":"true"}}`:                     true,
		`{"ForAllValues:StringEquals":{"a:tag/other":"red"}}`: true,
		`{"StringEquals":{"a:tag/other":"red"}}`:              false,
		`{"StringNotEquals":{"a:label/other":"red"}}`:         false, // nobody knows
		`{"StringNotEquals":{"a:tag/team":"${a:tag/other}"}}`: true,
	} {
		t.Run(block, func(t *testing.T) {
			t.Parallel()
			d := policy.Evaluate(policy.Request{
				Principal: insider(), Action: "a:b", Resource: "*", Context: values{"a:tag/team": {"red"}}, Complete: []string{"A:tag/"},
				Identity: identities(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+block+`}`),
			})
			if d.Allowed != want {
				t.Errorf("allowed %t: %s", d.Allowed, d.Reason)
			}
		})
	}
}
