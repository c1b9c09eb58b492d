package policy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"orgship/policy"
)

// dice turns fuzz input into choices.
type dice struct{ input []byte }

func (d *dice) roll(n int) int {
	if len(d.input) == 0 {
		return 0
	}
	b := d.input[0]
	d.input = d.input[1:]
	return int(b) % n
}

func pick[T any](d *dice, from ...T) T { return from[d.roll(len(from))] }

// some picks up to three values.
func some[T any](d *dice, from ...T) []T {
	var out []T
	for range d.roll(3) + 1 {
		out = append(out, pick(d, from...))
	}
	return out
}

type obj = map[string]any

// writeDocument makes up a policy document out of a few words, so that
// statements often apply.
func writeDocument(d *dice, resourceSide bool) obj {
	var statements []obj
	for range d.roll(3) + 1 {
		statements = append(statements, writeStatement(d, resourceSide))
	}
	document := obj{"Statement": statements}
	if d.roll(4) > 0 {
		document["Version"] = "2012-10-17"
	}
	return document
}

func writeStatement(d *dice, resourceSide bool) obj {
	effect := pick(d, "Allow", "Allow", "Deny")
	s := obj{"Effect": effect}
	s[pick(d, "Action", "Action", "NotAction")] = some(d, "*", "ecr:*", "ECR:Batch?etImage", "ecr:BatchGetImage", "ecs:*")
	if !resourceSide || d.roll(3) == 0 {
		s[pick(d, "Resource", "Resource", "NotResource")] = some(d, "*", "arn:aws:ecr:*:111111111111:repository/*",
			"arn:aws:ecr:eu-west-1:${aws:PrincipalAccount}:repository/demo", "arn:aws:ecr:*:*:repository/${a:gone}", repository,
			"arn:aws:ecr:*:*:repository/${a:absent}", "arn:aws:ecr:*:*:repository/${a:absent, 'demo'}", "arn:aws:ecr:eu*11:repository/*",
			"arn:aws:ecr:eu-west-1?111111111111:repository/demo", "arn:aws:*:repository/de?o", "arn:aws:ecr:eu-*-1:1*1:*")
	}
	if resourceSide {
		name := "Principal"
		if effect == "Deny" {
			name = pick(d, "Principal", "NotPrincipal")
		}
		aws := some(d, "111111111111", "arn:aws:iam::222222222222:root", userARN, roleARN, sessionARN)
		s[name] = pick[any](d, obj{"AWS": aws}, obj{"AWS": aws, "Service": "ecs.amazonaws.com"})
		if name == "Principal" && d.roll(3) == 0 {
			s[name] = "*"
		}
	}
	if d.roll(2) == 0 {
		s["Condition"] = writeCondition(d)
	}
	return s
}

func writeCondition(d *dice) obj {
	block := obj{}
	for range d.roll(2) + 1 {
		set := pick(d, "", "", "ForAnyValue:", "ForAllValues:")
		exists := pick(d, "", "", "IfExists")
		name, from := "", []any{"o-x/*/ou-y/*", "v", "V?", "${a:one}", "${a:gone}", "${a:absent}", "${a:absent, 'v'}", "${a:tag/x}", ""}
		switch d.roll(5) {
		case 0, 1:
			name = pick(d, "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
		case 2:
			name = pick(d, "ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals")
			from = []any{"arn:aws:iam::*:role/*", "arn:aws:*:*:2*:*", "arn:aws:sts::222222222222:assumed-role/Execution/t?sk"}
		case 3:
			name, from = pick(d, "Bool", "Null"), []any{"true", "false", true, false}
		case 4:
			name = "Numeric" + pick(d, "Equals", "NotEquals", "LessThan", "GreaterThanEquals")
			from = []any{1, "2", "10"}
		}
		if name == "Null" {
			set, exists = "", ""
		}
		key := pick(d, "aws:PrincipalOrgPaths", "a:one", "a:Several", "a:absent", "a:gone", "a:arn", "a:flag", "a:number", "a:tag/x", "A:Tag/y")
		block[set+name+exists] = obj{key: some(d, from...)}
	}
	return block
}

func writeRequest(d *dice) policy.Request {
	return policy.Request{
		Principal: pick(d, insider(), outsider(), outsider(), policy.Principal{Service: "ecs.amazonaws.com"}, policy.Principal{}),
		Action:    pick(d, "ecr:BatchGetImage", "ecr:PutImage", "ecs:ListClusters"),
		Resource:  pick(d, repository, "*", "arn:aws:ecr:eu-west-1:222222222222:repository/demo"),
		Trust:     d.roll(4) == 0,
		Complete:  []string{"a:tag/"},
		Context: map[string][]string{
			"aws:PrincipalOrgPaths": pick(d, nil, []string{"o-x/r-z/ou-y/"}, []string{"o-x/r-z/"}),
			"aws:PrincipalAccount":  {"111111111111"},
			"A:one":                 {pick(d, "v", "V1", "*", "")},
			"a:several":             pick(d, []string{"v", "w"}, []string{"v"}, []string{"V1", "v", "o-x/r/ou-y/"}),
			"a:absent":              nil,
			"a:tag/X":               {"v"},
			"a:arn":                 {pick(d, sessionARN, roleARN, "none")},
			"a:flag":                {pick(d, "true", "false", "neither")},
			"a:number":              {pick(d, "1", "2.0", "10", "x")},
		},
	}
}

// FuzzEvaluate compares the evaluator with the plain restatement of the rules
// in plain_test.go.
func FuzzEvaluate(f *testing.F) {
	random := rand.NewChaCha8([32]byte{1})
	for range 2000 {
		seed := make([]byte, 120)
		if _, err := random.Read(seed); err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		d := &dice{input}
		request := writeRequest(d)
		var identity, resource obj
		if d.roll(4) > 0 {
			identity = writeDocument(d, false)
			request.Identity = []*policy.Document{parse(t, identity)}
		}
		if d.roll(4) > 0 {
			resource = writeDocument(d, true)
			request.ResourcePolicy = parse(t, resource)
		}
		got := policy.Evaluate(request)
		want := plainly(t, request, identity, resource)
		if got.Allowed != want {
			t.Errorf("allowed %t, plainly %t: %s\nrequest %+v\nidentity %s\nresource %s",
				got.Allowed, want, got.Reason, request, text(identity), text(resource))
		}
		if got.Reason == "" || got.Side == "" || (got.Allowed && got.Statement == "") {
			t.Errorf("the decision does not say who decided: %+v", got)
		}
	})
}

func text(document obj) string {
	b, err := json.Marshal(document)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}

func parse(t *testing.T, document obj) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(text(document)))
	if err != nil {
		t.Fatalf("%v\n%s", err, text(document))
	}
	return d
}

// FuzzParse: whatever the bytes, Parse returns a document that can be evaluated
// or a *ParseError, and never both or neither.
func FuzzParse(f *testing.F) {
	f.Add([]byte(pullStatement("o-x/*/ou-y/*")))
	f.Add([]byte(withElements(`"Action":"a:*","Resource":"arn:aws:s3:::${aws:username}*"`)))
	f.Add([]byte(withElements(`"Action":"*","Resource":"*","Condition":{"NumericLessThan":{"a:k":1e3}}`)))
	f.Add([]byte(`{"Statement":{"Effect":"Allow","NotAction":["a:b"],"NotResource":"*"}}`))
	f.Fuzz(func(t *testing.T, source []byte) {
		d, err := policy.Parse(source)
		if (d == nil) == (err == nil) {
			t.Fatalf("document %v, error %v", d, err)
		}
		if err != nil {
			return
		}
		decision := policy.Evaluate(policy.Request{
			Principal: insider(), Action: "a:b", Resource: "*", Identity: []*policy.Document{d}, ResourcePolicy: d,
		})
		if decision.Reason == "" {
			t.Error("a decision without reason")
		}
	})
}
