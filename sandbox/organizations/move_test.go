package organizations_test

import (
	"context"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/clock"
	"orgship/sandbox/organizations"
)

func move(ctx context.Context, s *organizations.Service, account, from, to string) error {
	_, err := s.MoveAccount(ctx, &awsorg.MoveAccountInput{AccountId: &account, SourceParentId: &from, DestinationParentId: &to})
	return err
}

// TestMoveAccount moves an account up and down and looks from all sides.
func TestMoveAccount(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	ctx := as(management)
	for _, step := range []struct{ from, to string }{
		{"ou-sbox-prod0001", "ou-sbox-teama001"}, {"ou-sbox-teama001", "r-sbox"}, {"r-sbox", "ou-sbox-dev00001"},
	} {
		if err := move(ctx, s, "555555555555", step.from, step.to); err != nil {
			t.Fatalf("from %s to %s: %v", step.from, step.to, err)
		}
		parents, err := s.ListParents(ctx, &awsorg.ListParentsInput{ChildId: aws.String("555555555555")})
		if err != nil || *parents.Parents[0].Id != step.to {
			t.Errorf("after the move to %s: %+v, %v", step.to, parents, err)
		}
		for parent, want := range map[string]int{step.from: 0, step.to: 1} {
			out, err := s.ListAccountsForParent(ctx, &awsorg.ListAccountsForParentInput{ParentId: &parent})
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for _, a := range out.Accounts {
				if *a.Id == "555555555555" {
					found++
				}
			}
			if found != want {
				t.Errorf("%s has it %d times, want %d", parent, found, want)
			}
		}
	}
	all, err := s.ListAccounts(ctx, &awsorg.ListAccountsInput{})
	if err != nil || len(all.Accounts) != 6 {
		t.Errorf("accounts %+v, %v", all, err)
	}
}

func TestMoveAccountRefuses(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	const dev, prod = "ou-sbox-dev00001", "ou-sbox-prod0001"
	for _, test := range []struct{ name, caller, account, from, to, want string }{
		{"strange account", management, "666666666666", dev, prod, "AccountNotFoundException"},
		{"nonsense account", management, "dev-1", dev, prod, "InvalidInputException"},
		{"strange source", management, "222222222222", "ou-sbox-00000000", prod, "SourceParentNotFoundException"},
		{"another source", management, "222222222222", prod, "r-sbox", "SourceParentNotFoundException"},
		{"nonsense source", management, "222222222222", "dev", prod, "InvalidInputException"},
		{"strange destination", management, "222222222222", dev, "ou-sbox-00000000", "DestinationParentNotFoundException"},
		{"another root", management, "222222222222", dev, "r-other", "DestinationParentNotFoundException"},
		{"nonsense destination", management, "222222222222", dev, "222222222222", "InvalidInputException"},
		{"there already", management, "222222222222", dev, dev, "DuplicateAccountException"},
		{"delegated administrator", "111111111111", "222222222222", dev, prod, "AccessDeniedException"},
		{"member", "222222222222", "222222222222", dev, prod, "AccessDeniedException"},
		{"without policies", "N" + management, "222222222222", dev, prod, "AccessDenied"},
	} {
		if err := move(as(test.caller), s, test.account, test.from, test.to); code(err) != test.want {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
}

// everybody may do everything.
type everybody struct{}

func (everybody) Authorize(context.Context, string, string) error { return nil }
func (everybody) AuthorizeWith(context.Context, string, string, map[string][]string) error {
	return nil
}

// TestMovedIsTold tells of moves one at a time, when the account has its new path.
func TestMovedIsTold(t *testing.T) {
	t.Parallel()
	tree := organizations.NewTree(organizations.Default())
	var mu sync.Mutex
	var told []string
	s := organizations.New(organizations.Config{Tree: tree, Auth: everybody{}, Clock: clock.Clock{}, Moved: func(account string) {
		if !mu.TryLock() {
			t.Error("two moves at once")
		}
		defer mu.Unlock()
		path, _ := tree.OrgPath(account)
		told = append(told, account+" "+path)
	}})
	_, as := newWorld(t)
	var moving sync.WaitGroup
	for _, account := range []string{"222222222222", "333333333333"} {
		moving.Go(func() {
			if err := move(as(management), s, account, "ou-sbox-dev00001", "r-sbox"); err != nil {
				t.Error(err)
			}
		})
	}
	moving.Wait()
	if err := move(as(management), s, "222222222222", "ou-sbox-dev00001", "r-sbox"); err == nil {
		t.Error("moved twice")
	}
	if told[0] > told[1] {
		told[0], told[1] = told[1], told[0]
	}
	if diff := cmp.Diff([]string{"222222222222 o-sandbox001/r-sbox/", "333333333333 o-sandbox001/r-sbox/"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if path, _ := organizations.Default().OrgPath("222222222222"); path != "o-sandbox001/r-sbox/ou-sbox-dev00001/" {
		t.Errorf("the organization that the tree was made of changed: %s", path)
	}
}
