package organizations_test

import (
	"strings"
	"testing"

	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"

	"orgship/sandbox/organizations"
)

// TestDelegatedAdministrators registers one, which may read from then on.
func TestDelegatedAdministrators(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	ctx, sets := as(management), organizations.StackSets
	register := func(caller, account, principal string) error {
		_, err := s.RegisterDelegatedAdministrator(as(caller), &awsorg.RegisterDelegatedAdministratorInput{AccountId: &account, ServicePrincipal: &principal})
		return err
	}
	deregister := func(account string) error {
		_, err := s.DeregisterDelegatedAdministrator(ctx, &awsorg.DeregisterDelegatedAdministratorInput{AccountId: &account, ServicePrincipal: &sets})
		return err
	}
	disable := func() error {
		_, err := s.DisableAWSServiceAccess(ctx, &awsorg.DisableAWSServiceAccessInput{ServicePrincipal: &sets})
		return err
	}
	enable := func(principal string) error {
		_, err := s.EnableAWSServiceAccess(ctx, &awsorg.EnableAWSServiceAccessInput{ServicePrincipal: &principal})
		return err
	}
	who := func(caller, principal string) string {
		t.Helper()
		in := &awsorg.ListDelegatedAdministratorsInput{}
		if principal != "" {
			in.ServicePrincipal = &principal
		}
		out, err := s.ListDelegatedAdministrators(as(caller), in)
		if err != nil {
			return code(err)
		}
		var ids []string
		for _, a := range out.DelegatedAdministrators {
			ids = append(ids, *a.Id)
		}
		return strings.Join(ids, " ")
	}
	services := func(account string) error {
		_, err := s.ListDelegatedServicesForAccount(ctx, &awsorg.ListDelegatedServicesForAccountInput{AccountId: &account})
		return err
	}
	const dev = "222222222222"
	for _, test := range []struct {
		name string
		got  string
		want string
	}{
		{"before access is enabled", code(register(management, dev, sets)), "ConstraintViolationException"},
		{"another name of the service", code(enable("stacksets.cloudformation.amazonaws.com")), "InvalidInputException"},
		{"another service", code(enable("config.amazonaws.com")), "NotModelled"},
		{"enable", code(enable(sets)), "<nil>"},
		{"enable again", code(enable(sets)), "<nil>"},
		{"strange account", code(register(management, "666666666666", sets)), "AccountNotFoundException"},
		{"nonsense account", code(register(management, "dev-1", sets)), "InvalidInputException"},
		{"the management account itself", code(register(management, management, sets)), "ConstraintViolationException"},
		{"by a delegated administrator", code(register("111111111111", dev, sets)), "AccessDeniedException"},
		{"not one yet", who(dev, ""), "AccessDeniedException"},
		{"services of who is none", code(services(dev)), "AccountNotRegisteredException"},
		{"register", code(register(management, dev, sets)), "<nil>"},
		{"register again", code(register(management, dev, sets)), "AccountAlreadyRegisteredException"},
		{"now it may read", who(dev, ""), "111111111111 " + dev},
		{"of the service", who(dev, sets), dev},
		{"its services", code(services(dev)), "<nil>"},
		{"disable in use", code(disable()), "ConstraintViolationException"},
		{"deregister", code(deregister(dev)), "<nil>"},
		{"deregister again", code(deregister(dev)), "AccountNotRegisteredException"},
		{"it may read no more", who(dev, ""), "AccessDeniedException"},
		{"disable", code(disable()), "<nil>"},
		{"as it began", who(management, ""), "111111111111"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, test.got, test.want)
		}
	}
}
