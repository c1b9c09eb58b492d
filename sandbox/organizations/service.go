// Package organizations is AWS Organizations: it shows an organization's tree to
// the management account and delegated administrators, moves accounts in it, and
// keeps which services may use it.
package organizations

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Config is what the room stands on.
type Config struct {
	Tree  *Tree // of a valid organization
	Auth  iam.Authorizer
	Clock clock.Clock
	// Moved, when set, is told the id of an account that was moved or made, before
	// whoever did it hears of it; one account at a time.
	Moved func(account string)
	// Opened, when set, gives a new account what it begins with: a role, by name, that
	// the management account may assume, and more.
	Opened func(account Account, role string) error
}

// Service is one organization.
type Service struct {
	tree   *Tree
	auth   iam.Authorizer
	clock  clock.Clock
	moved  func(account string)
	opened func(account Account, role string) error
	joined time.Time

	moving sync.Mutex // held while an account is moved and Moved is told

	mu        sync.Mutex
	trusted   map[string]time.Time                 // since when, by service principal
	delegated map[string]map[string]time.Time      // since when, by account and service principal
	created   map[string]types.CreateAccountStatus // by the request's id
}

// New returns the service.
func New(config Config) *Service {
	s := &Service{
		tree: config.Tree, auth: config.Auth, clock: config.Clock, moved: config.Moved, opened: config.Opened,
		trusted: map[string]time.Time{}, delegated: map[string]map[string]time.Time{}, created: map[string]types.CreateAccountStatus{},
	}
	s.joined = s.now()
	for _, id := range s.organization().DelegatedAdministrators {
		s.trusted[accountManagement] = s.joined
		s.delegated[id] = map[string]time.Time{accountManagement: s.joined}
	}
	return s
}

func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Second) }

// organization is what never changes of the tree.
func (s *Service) organization() *Organization { return s.tree.organization }

// Management returns the id of the management account.
func (s *Service) Management() string { return s.organization().ManagementAccount }

// Below returns the accounts below a root or OU, those of the OUs in it too;
// false when there is no such root or OU.
func (s *Service) Below(parent string) ([]Account, bool) { return s.tree.Below(parent) }

// Wire returns the room as clients see it:
// https://docs.aws.amazon.com/organizations/latest/APIReference/
func (s *Service) Wire() wire.Service {
	paged := wire.Optional("MaxResults", "NextToken")
	return wire.Service{
		Name:         "organizations",
		Protocol:     wire.JSON11,
		TargetPrefix: "AWSOrganizationsV20161128",
		Pascal:       true,
		Global:       true,
		Words: wire.Words{
			Missing: absent, Outside: "InvalidInputException",
			Throttled: wire.Errorf("TooManyRequestsException", "You have sent too many requests in too short a period of time. "+
				"The quota helps protect against denial-of-service attacks. Try again later."),
		},
		Operations: []wire.Operation{
			wire.Op("DescribeOrganization", s.DescribeOrganization),
			wire.Op("DescribeOrganizationalUnit", s.DescribeOrganizationalUnit, wire.Required("OrganizationalUnitId")),
			wire.Op("DescribeAccount", s.DescribeAccount, wire.Required("AccountId")),
			wire.Op("ListRoots", s.ListRoots, paged),
			wire.Op("ListParents", s.ListParents, wire.Required("ChildId"), paged),
			wire.Op("ListChildren", s.ListChildren, wire.Required("ParentId", "ChildType"), paged),
			wire.Op("ListOrganizationalUnitsForParent", s.ListOrganizationalUnitsForParent, wire.Required("ParentId"), paged),
			wire.Op("ListAccountsForParent", s.ListAccountsForParent, wire.Required("ParentId"), paged),
			wire.Op("ListAccounts", s.ListAccounts, paged),
			wire.Op("CreateAccount", s.CreateAccount, wire.Required("Email", "AccountName"), wire.Optional("RoleName", "IamUserAccessToBilling")),
			wire.Op("DescribeCreateAccountStatus", s.DescribeCreateAccountStatus, wire.Required("CreateAccountRequestId")),
			wire.Op("MoveAccount", s.MoveAccount, wire.Required("AccountId", "SourceParentId", "DestinationParentId")),
			wire.Op("EnableAWSServiceAccess", s.EnableAWSServiceAccess, wire.Required("ServicePrincipal")),
			wire.Op("DisableAWSServiceAccess", s.DisableAWSServiceAccess, wire.Required("ServicePrincipal")),
			wire.Op("ListAWSServiceAccessForOrganization", s.ListAWSServiceAccessForOrganization, paged),
			wire.Op("RegisterDelegatedAdministrator", s.RegisterDelegatedAdministrator, wire.Required("AccountId", "ServicePrincipal")),
			wire.Op("DeregisterDelegatedAdministrator", s.DeregisterDelegatedAdministrator, wire.Required("AccountId", "ServicePrincipal")),
			wire.Op("ListDelegatedAdministrators", s.ListDelegatedAdministrators, wire.Optional("ServicePrincipal"), paged,
				wire.Length("ServicePrincipal", 1, 128), wire.Pattern("ServicePrincipal", `[\w+=,.@-]*`)),
			wire.Op("ListDelegatedServicesForAccount", s.ListDelegatedServicesForAccount, wire.Required("AccountId"), paged),
		},
	}
}

// authorize asks identity policies first, then whether the organization lets
// the caller's account read it: any member may describe the organization, all
// else is for the management account and delegated administrators.
func (s *Service) authorize(ctx context.Context, operation, resource string) error {
	account, err := s.member(ctx, operation, resource)
	if err != nil || operation == "DescribeOrganization" || account == s.Management() || s.administers(account) {
		return err
	}
	return notYours()
}

// authorizeChange is authorize for what the management account alone may do.
func (s *Service) authorizeChange(ctx context.Context, operation string, resources ...string) error {
	for _, resource := range resources {
		account, err := s.member(ctx, operation, resource)
		if err != nil {
			return err
		}
		if account != s.Management() {
			return notYours()
		}
	}
	return nil
}

// member asks identity policies, and returns the caller's account if it is one
// of the organization's.
func (s *Service) member(ctx context.Context, operation, resource string) (string, error) {
	if err := s.auth.Authorize(ctx, "organizations:"+operation, resource); err != nil {
		return "", err
	}
	account := iam.Caller(ctx).Account
	if _, member := s.tree.OrgPath(account); !member {
		return "", wire.Errorf("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	}
	return account, nil
}

func notYours() error {
	return wire.Errorf("AccessDeniedException", "You don't have permissions to access this resource.")
}

// administers reports whether an account is a delegated administrator, of
// whatever service.
func (s *Service) administers(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.delegated[account]) > 0
}

// arn returns the ARN of a part: kind "organization", "root", "ou" or "account".
func (s *Service) arn(kind, id string) string {
	arn := "arn:aws:organizations::" + s.Management() + ":" + kind + "/" + s.organization().ID
	if kind == "organization" {
		return arn
	}
	return arn + "/" + id
}

// containerARN returns the ARN of a root or OU.
func (s *Service) containerARN(id string) string {
	if rootID.MatchString(id) {
		return s.arn("root", id)
	}
	return s.arn("ou", id)
}

// find returns the OU or account with that id.
func (s *Service) find(id string) (node, bool) {
	nodes := s.tree.nodes()
	i := slices.IndexFunc(nodes, func(n node) bool { return n.id() == id })
	if i < 0 {
		return node{}, false
	}
	return nodes[i], true
}

func (n node) id() string {
	if n.unit != nil {
		return n.unit.ID
	}
	return n.account.ID
}

// children returns the OUs and accounts directly below a root or OU, ordered
// by id; ParentNotFoundException when there is no such parent.
func (s *Service) children(parent string) ([]node, error) {
	if !rootID.MatchString(parent) && !unitID.MatchString(parent) {
		return nil, invalid("INVALID_PATTERN", "ParentId")
	}
	n, found := s.find(parent)
	if parent != s.organization().RootID && (!found || n.unit == nil) {
		return nil, wire.Errorf("ParentNotFoundException", "We can't find a root or OU with the ParentId that you specified.")
	}
	return s.where(func(n node) bool { return n.parent == parent }), nil
}

// where returns the nodes that satisfy a test.
func (s *Service) where(test func(node) bool) []node {
	var out []node
	for _, n := range s.tree.nodes() {
		if test(n) {
			out = append(out, n)
		}
	}
	return out
}

func isAccount(n node) bool { return n.account != nil }
func isUnit(n node) bool    { return n.unit != nil }

func (s *Service) showAccount(n node) types.Account {
	a, method := n.account, types.AccountJoinedMethodCreated
	if a.ID == s.Management() {
		method = types.AccountJoinedMethodInvited
	}
	status, state := types.AccountStatusActive, types.AccountStateActive
	if a.Suspended {
		status, state = types.AccountStatusSuspended, types.AccountStateSuspended
	}
	return types.Account{
		Arn: aws.String(s.arn("account", a.ID)), Email: aws.String(a.email()), Id: aws.String(a.ID), Name: aws.String(a.Name),
		JoinedMethod: method, JoinedTimestamp: aws.Time(s.joined), Status: status, State: state,
		// Assumption A7: Paths stays empty: the reference does not say what form the
		// values have.
	}
}

func (a *Account) email() string {
	if a.Email != "" {
		return a.Email
	}
	return a.Name + "@example.com"
}

func (s *Service) showUnit(n node) types.OrganizationalUnit {
	return types.OrganizationalUnit{
		Arn: aws.String(s.arn("ou", n.unit.ID)), Id: aws.String(n.unit.ID), Name: aws.String(n.unit.Name),
	}
}

// invalid is InvalidInputException with one of its reasons.
func invalid(reason, member string) error {
	return wire.Errorf("InvalidInputException", "You specified an invalid value. (%s: %s)", reason, member)
}

// absent refuses a request without members that it needs.
func absent(names []string) *wire.Error {
	return wire.Errorf("InvalidInputException", "You specified an invalid value. (INPUT_REQUIRED: %s)", names[0])
}
