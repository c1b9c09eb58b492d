package account_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/pipeline/account"
)

func TestAccountsFromOneSetOfCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	accounts := account.NewAccounts(w.config(t, key(management)), account.OrganizationRole)
	var asking sync.WaitGroup
	for _, test := range []struct{ id, arn string }{
		{"", "arn:aws:iam::999999999999:user/admin"},
		{management, "arn:aws:iam::999999999999:user/admin"},
		{dev, "arn:aws:sts::222222222222:assumed-role/OrganizationAccountAccessRole/orgship"},
		{dev, "arn:aws:sts::222222222222:assumed-role/OrganizationAccountAccessRole/orgship"},
	} {
		asking.Go(func() {
			cfg, err := accounts.For(t.Context(), test.id)
			if err != nil {
				t.Errorf("%s: %v", test.id, err)
				return
			}
			if got, err := account.Who(t.Context(), cfg); err != nil || got.ARN != test.arn {
				t.Errorf("%s: got %+v, %v", test.id, got, err)
			}
		})
	}
	asking.Wait()
	if n := w.count("AssumeRole"); n != 1 {
		t.Errorf("the role was assumed %d times", n)
	}
	if self, err := accounts.Self(t.Context()); err != nil || self.Account != management {
		t.Errorf("self %+v, %v", self, err)
	}
	if n := w.count("GetCallerIdentity"); n != 5 { // four of this test's own
		t.Errorf("asked %d times who we are", n)
	}
	if got := accounts.Base(); aws.ToString(got.BaseEndpoint) != w.url {
		t.Errorf("base of %s", aws.ToString(got.BaseEndpoint))
	}
}

func TestAccountsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name, role, id, line, hint string
	}{
		{"no role is trusted", account.OrganizationRole, dev, "getting into account 222222222222: assuming a role: User: arn:aws:iam::111111111111:user/admin is not authorized", "trust policy"},
		{"no such role", "Nothing", dev, "getting into account 222222222222: ", ""},
		{"without a role", "", dev, "the credentials are of account 111111111111 (arn:aws:iam::111111111111:user/admin), not of account 222222222222", "OrganizationAccountAccessRole"},
		{"no account", account.OrganizationRole, "dev-1", `"dev-1" is not the id of an account`, "12 digits"},
	} {
		accounts := account.NewAccounts(w.config(t, key(shared)), test.role)
		_, err := accounts.For(t.Context(), test.id)
		if err == nil || !strings.HasPrefix(err.Error(), test.line) || !strings.Contains(hint(err), test.hint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nhint %s", test.name, err, hint(err))
		}
		var wrong *account.WrongAccountError
		if (test.role == "") != errors.As(err, &wrong) {
			t.Errorf("%s: %T", test.name, err)
		}
	}
}
