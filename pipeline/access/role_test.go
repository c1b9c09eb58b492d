package access_test

import (
	"testing"

	"orgship/pipeline/access"
)

func TestLacks(t *testing.T) {
	t.Parallel()
	repository := access.Repository{Account: "111111111111", Region: "eu-west-1", Name: "shop"}
	const login = `{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}`
	document := func(statements string) [][]byte {
		return [][]byte{[]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)}
	}
	for _, test := range []struct {
		name, lacks string
		role        access.Role
	}{
		{"no policy", "ecr:GetAuthorizationToken", access.Role{}},
		{"a managed policy, which may allow it", "", access.Role{Managed: []string{"arn:a"}}},
		{"login alone", "ecr:BatchGetImage", access.Role{Documents: document(login)}},
		{"all of it", "", access.Role{Documents: document(`{"Effect":"Allow","Action":"ecr:*","Resource":"*"}`)}},
		{"another repository", "ecr:BatchGetImage", access.Role{Documents: document(login + `,{"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:eu-west-1:111111111111:repository/other"}`)}},
		{"this repository", "", access.Role{Documents: document(login + `,{"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:111111111111:repository/sh*"}`)}},
		{"under a condition that can't be told", "", access.Role{Documents: document(`{"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpc":"vpc-1"}}}`)}},
		{"denied", "ecr:BatchGetImage", access.Role{Documents: document(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:BatchGet*","Resource":"*"}`)}},
		{"not readable here", "", access.Role{Documents: [][]byte{[]byte(`{"Statement":[{"Effect":{"Ref":"X"}}]}`)}}},
	} {
		if got := test.role.Lacks(repository, "222222222222"); got != test.lacks {
			t.Errorf("%s: lacks %q, want %q", test.name, got, test.lacks)
		}
	}
}
