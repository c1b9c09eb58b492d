package organizations_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
	"orgship/sandbox/wire"
)

// newWorld returns the service of the default organization, and a function
// that gives the context in which an account's administrator asks.
func newWorld(t *testing.T) (*organizations.Service, func(account string) context.Context) {
	t.Helper()
	tree := organizations.Default()
	users := iam.New(iam.Config{Clock: clock.Clock{}, Organization: tree})
	accounts := []string{"666666666666"}
	for _, m := range tree.List() {
		accounts = append(accounts, m.ID)
	}
	for _, id := range accounts {
		if err := users.AddUser(id, "admin", "AKIA"+id, "s", iam.AdministratorPolicy); err != nil {
			t.Fatal(err)
		}
		if err := users.AddUser(id, "nobody", "AKIAN"+id, "s"); err != nil {
			t.Fatal(err)
		}
	}
	as := func(account string) context.Context {
		_, ctx, err := users.Secret(context.Background(), "AKIA"+account, "")
		if err != nil {
			t.Fatal(err)
		}
		return ctx
	}
	return organizations.New(organizations.Config{Tree: organizations.NewTree(tree), Auth: users}), as
}

const management = "999999999999"

func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	for _, test := range []struct{ account, describe, list string }{
		{management, "<nil>", "<nil>"},
		{"111111111111", "<nil>", "<nil>"}, // delegated administrator
		{"222222222222", "<nil>", "AccessDeniedException"},
		{"666666666666", "AWSOrganizationsNotInUseException", "AWSOrganizationsNotInUseException"},
		{"N" + management, "AccessDenied", "AccessDenied"}, // the user without policies
	} {
		ctx := as(test.account)
		if _, err := s.DescribeOrganization(ctx, &awsorg.DescribeOrganizationInput{}); code(err) != test.describe {
			t.Errorf("%s describes: got %v, want %s", test.account, err, test.describe)
		}
		_, accounts := s.ListAccounts(ctx, &awsorg.ListAccountsInput{})
		_, roots := s.ListRoots(ctx, &awsorg.ListRootsInput{})
		_, account := s.DescribeAccount(ctx, &awsorg.DescribeAccountInput{AccountId: aws.String("222222222222")})
		_, unit := s.DescribeOrganizationalUnit(ctx, &awsorg.DescribeOrganizationalUnitInput{OrganizationalUnitId: aws.String("ou-sbox-dev00001")})
		_, parents := s.ListParents(ctx, &awsorg.ListParentsInput{ChildId: aws.String("222222222222")})
		_, children := s.ListChildren(ctx, &awsorg.ListChildrenInput{ParentId: aws.String("r-sbox"), ChildType: types.ChildTypeAccount})
		_, units := s.ListOrganizationalUnitsForParent(ctx, &awsorg.ListOrganizationalUnitsForParentInput{ParentId: aws.String("r-sbox")})
		_, below := s.ListAccountsForParent(ctx, &awsorg.ListAccountsForParentInput{ParentId: aws.String("r-sbox")})
		for i, err := range []error{accounts, roots, account, unit, parents, children, units, below} {
			if code(err) != test.list {
				t.Errorf("%s, read %d: got %v, want %s", test.account, i, err, test.list)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	organization, err := s.DescribeOrganization(as(management), &awsorg.DescribeOrganizationInput{})
	if err != nil {
		t.Fatal(err)
	}
	o := organization.Organization
	if *o.Id != "o-sandbox001" || *o.MasterAccountId != management || *o.Arn != "arn:aws:organizations::999999999999:organization/o-sandbox001" {
		t.Errorf("organization %+v", o)
	}
	account, err := s.DescribeAccount(as(management), &awsorg.DescribeAccountInput{AccountId: aws.String("444444444444")})
	if err != nil {
		t.Fatal(err)
	}
	if a := account.Account; *a.Name != "team-a" || a.Status != types.AccountStatusActive || a.State != types.AccountStateActive ||
		*a.Arn != "arn:aws:organizations::999999999999:account/o-sandbox001/444444444444" || *a.Email != "team-a@example.com" {
		t.Errorf("account %+v", a)
	}
	unit, err := s.DescribeOrganizationalUnit(as(management), &awsorg.DescribeOrganizationalUnitInput{OrganizationalUnitId: aws.String("ou-sbox-teama001")})
	if err != nil || *unit.OrganizationalUnit.Name != "team-a" {
		t.Errorf("unit %+v, %v", unit, err)
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	ctx := as(management)
	parents := func(id string) error {
		_, err := s.ListParents(ctx, &awsorg.ListParentsInput{ChildId: &id})
		return err
	}
	accounts := func(id string) error {
		_, err := s.ListAccountsForParent(ctx, &awsorg.ListAccountsForParentInput{ParentId: &id})
		return err
	}
	account := func(id string) error {
		_, err := s.DescribeAccount(ctx, &awsorg.DescribeAccountInput{AccountId: &id})
		return err
	}
	unit := func(id string) error {
		_, err := s.DescribeOrganizationalUnit(ctx, &awsorg.DescribeOrganizationalUnitInput{OrganizationalUnitId: &id})
		return err
	}
	_, kind := s.ListChildren(ctx, &awsorg.ListChildrenInput{ParentId: aws.String("r-sbox"), ChildType: "ROOT"})
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"parents of a stranger", parents("666666666666"), "ChildNotFoundException"},
		{"parents of a strange OU", parents("ou-sbox-00000000"), "ChildNotFoundException"},
		{"parents of nonsense", parents("dev"), "InvalidInputException"},
		{"below a strange OU", accounts("ou-sbox-00000000"), "ParentNotFoundException"},
		{"below a strange root", accounts("r-other"), "ParentNotFoundException"},
		{"below an account", accounts("222222222222"), "InvalidInputException"},
		{"strange account", account("666666666666"), "AccountNotFoundException"},
		{"nonsense account", account("dev-1"), "InvalidInputException"},
		{"strange OU", unit("ou-sbox-00000000"), "OrganizationalUnitNotFoundException"},
		{"nonsense OU", unit("r-sbox"), "InvalidInputException"},
		{"kind of child", kind, "InvalidInputException"},
	} {
		if code(test.err) != test.want {
			t.Errorf("%s: got %v, want %s", test.name, test.err, test.want)
		}
	}
}

// Every size of page shows everything once.
func TestPages(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	ctx := as(management)
	for size := int32(1); size <= 20; size++ {
		var got []string
		in := &awsorg.ListAccountsInput{MaxResults: &size}
		for {
			out, err := s.ListAccounts(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Accounts) > int(size) {
				t.Errorf("a page of %d has %d", size, len(out.Accounts))
			}
			for _, a := range out.Accounts {
				got = append(got, *a.Id)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		slices.Sort(got)
		want := []string{"111111111111", "222222222222", "333333333333", "444444444444", "555555555555", "999999999999"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d: %s", size, diff)
		}
	}
	first, err := s.ListAccounts(ctx, &awsorg.ListAccountsInput{MaxResults: aws.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	_, elsewhere := s.ListAccountsForParent(ctx, &awsorg.ListAccountsForParentInput{ParentId: aws.String("r-sbox"), NextToken: first.NextToken})
	_, nonsense := s.ListAccounts(ctx, &awsorg.ListAccountsInput{NextToken: aws.String("x")})
	_, none := s.ListAccounts(ctx, &awsorg.ListAccountsInput{MaxResults: aws.Int32(0)})
	_, many := s.ListAccounts(ctx, &awsorg.ListAccountsInput{MaxResults: aws.Int32(21)})
	for i, err := range []error{elsewhere, nonsense, none, many} {
		if code(err) != "InvalidInputException" {
			t.Errorf("%d: got %v", i, err)
		}
	}
}

// The tree can be walked from the root to every account and back.
func TestWalk(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	ctx := as(management)
	got := map[string]string{}
	var walk func(parent, path string)
	walk = func(parent, path string) {
		for _, kind := range []types.ChildType{types.ChildTypeAccount, types.ChildTypeOrganizationalUnit} {
			out, err := s.ListChildren(ctx, &awsorg.ListChildrenInput{ParentId: &parent, ChildType: kind})
			if err != nil {
				t.Fatal(err)
			}
			for _, child := range out.Children {
				up, err := s.ListParents(ctx, &awsorg.ListParentsInput{ChildId: child.Id})
				if err != nil || len(up.Parents) != 1 || *up.Parents[0].Id != parent {
					t.Errorf("parents of %s: %+v, %v", *child.Id, up, err)
				}
				if kind == types.ChildTypeAccount {
					got[*child.Id] = path
				} else {
					walk(*child.Id, path+*child.Id+"/")
				}
			}
		}
	}
	walk("r-sbox", "o-sandbox001/r-sbox/")
	want := map[string]string{}
	for _, m := range organizations.Default().List() {
		want[m.ID] = m.OrgPath
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
