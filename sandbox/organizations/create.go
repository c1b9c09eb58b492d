package organizations

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// The forms of https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
var (
	emailPattern  = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)
	namePattern   = regexp.MustCompile(`^[ -~]{1,50}$`)
	rolePattern   = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	createPattern = regexp.MustCompile(`^car-[a-z0-9]{8,32}$`)
)

// defaultRole is what the management account may assume in a new account.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
const defaultRole = "OrganizationAccountAccessRole"

// CreateAccount makes an account directly in the root, with a role that the
// management account may assume. As on AWS the answer comes before the account;
// DescribeCreateAccountStatus has its id.
func (s *Service) CreateAccount(ctx context.Context, in *organizations.CreateAccountInput) (*organizations.CreateAccountOutput, error) {
	if err := s.authorizeChange(ctx, "CreateAccount", "*"); err != nil {
		return nil, err
	}
	name, email, role := aws.ToString(in.AccountName), aws.ToString(in.Email), cmp.Or(aws.ToString(in.RoleName), defaultRole)
	switch {
	case !namePattern.MatchString(name):
		return nil, invalid("INVALID_PATTERN", "AccountName")
	case !emailPattern.MatchString(email) || len(email) < 6 || len(email) > 64:
		return nil, invalid("INVALID_PATTERN", "Email")
	case !rolePattern.MatchString(role):
		return nil, invalid("INVALID_PATTERN", "RoleName")
	}
	now := s.now()
	asked := types.CreateAccountStatus{Id: aws.String("car-" + id.Hex(32)), AccountName: &name, RequestedTimestamp: &now, State: types.CreateAccountStateInProgress}
	done, err := s.open(asked, Account{Name: name, Email: email}, role)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.created[*asked.Id] = done
	return &organizations.CreateAccountOutput{CreateAccountStatus: &asked}, nil
}

// open adds an account to the organization and returns how that ended.
func (s *Service) open(status types.CreateAccountStatus, a Account, role string) (types.CreateAccountStatus, error) {
	s.moving.Lock()
	defer s.moving.Unlock()
	now := s.now()
	status.CompletedTimestamp = &now
	taken := func(n node) bool { return isAccount(n) && strings.EqualFold(n.account.email(), a.Email) }
	if slices.ContainsFunc(s.tree.nodes(), taken) {
		status.State, status.FailureReason = types.CreateAccountStateFailed, types.CreateAccountFailureReasonEmailAlreadyExists
		return status, nil
	}
	a.ID = s.newAccountID()
	if s.opened != nil {
		if err := s.opened(a, role); err != nil {
			return status, fmt.Errorf("opening account %q: %w", a.Name, err)
		}
	}
	s.tree.add(a)
	if s.moved != nil {
		s.moved(a.ID)
	}
	status.State, status.AccountId = types.CreateAccountStateSucceeded, &a.ID
	return status, nil
}

// newAccountID returns 12 digits that no account has.
func (s *Service) newAccountID() string {
	for {
		n, _ := rand.Int(rand.Reader, big.NewInt(9e11)) // never fails: https://pkg.go.dev/crypto/rand#Read
		if id := fmt.Sprint(n.Int64() + 1e11); !slices.ContainsFunc(s.tree.nodes(), func(n node) bool { return n.id() == id }) {
			return id
		}
	}
}

// DescribeCreateAccountStatus tells how CreateAccount ended.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeCreateAccountStatus.html
func (s *Service) DescribeCreateAccountStatus(ctx context.Context, in *organizations.DescribeCreateAccountStatusInput) (*organizations.DescribeCreateAccountStatusOutput, error) {
	if err := s.authorize(ctx, "DescribeCreateAccountStatus", "*"); err != nil {
		return nil, err
	}
	id := aws.ToString(in.CreateAccountRequestId)
	if !createPattern.MatchString(id) {
		return nil, invalid("INVALID_PATTERN", "CreateAccountRequestId")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status, found := s.created[id]
	if !found {
		return nil, wire.Errorf("CreateAccountStatusNotFoundException", "We can't find a create account request with the CreateAccountRequestId that you specified.")
	}
	return &organizations.DescribeCreateAccountStatusOutput{CreateAccountStatus: &status}, nil
}
