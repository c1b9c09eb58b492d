package organizations

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"orgship/sandbox/wire"
)

// RegisterDelegatedAdministrator has a member account administer a service for
// the organization; it may read the organization from then on.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html
func (s *Service) RegisterDelegatedAdministrator(ctx context.Context, in *organizations.RegisterDelegatedAdministratorInput) (*organizations.RegisterDelegatedAdministratorOutput, error) {
	account, principal, err := s.delegate(ctx, "RegisterDelegatedAdministrator", in.AccountId, in.ServicePrincipal)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.trusted[principal].IsZero():
		return nil, constraint("SERVICE_ACCESS_NOT_ENABLED",
			"You attempted to register a delegated administrator before you enabled service access. Call the EnableAWSServiceAccess API first.")
	case !s.delegated[account][principal].IsZero():
		return nil, wire.Errorf("AccountAlreadyRegisteredException", "The specified account is already a delegated administrator for this AWS service.")
	case s.delegated[account] == nil:
		s.delegated[account] = map[string]time.Time{}
	}
	s.delegated[account][principal] = s.now()
	return &organizations.RegisterDelegatedAdministratorOutput{}, nil
}

// DeregisterDelegatedAdministrator undoes RegisterDelegatedAdministrator. What
// the account made stays.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeregisterDelegatedAdministrator.html
func (s *Service) DeregisterDelegatedAdministrator(ctx context.Context, in *organizations.DeregisterDelegatedAdministratorInput) (*organizations.DeregisterDelegatedAdministratorOutput, error) {
	account, principal, err := s.delegate(ctx, "DeregisterDelegatedAdministrator", in.AccountId, in.ServicePrincipal)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.delegated[account][principal].IsZero() {
		return nil, wire.Errorf("AccountNotRegisteredException", "The specified account is not a delegated administrator for this AWS service.")
	}
	delete(s.delegated[account], principal)
	return &organizations.DeregisterDelegatedAdministratorOutput{}, nil
}

// delegate authorizes a change of what an account administers.
func (s *Service) delegate(ctx context.Context, operation string, accountID, service *string) (account, principal string, err error) {
	account, principal = aws.ToString(accountID), aws.ToString(service)
	if err := s.authorizeChange(ctx, operation, s.arn("account", account)); err != nil {
		return "", "", err
	}
	n, err := s.findAccount(account)
	switch {
	case err != nil:
		return "", "", err
	case account == s.Management():
		return "", "", constraint("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", "You can designate only a member account as a delegated administrator.")
	case n.account.Suspended:
		return "", "", constraint("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", "You cannot register a suspended account as a delegated administrator.")
	}
	return account, principal, known(principal)
}

// findAccount returns an account; AccountNotFoundException when there is none.
func (s *Service) findAccount(id string) (node, error) {
	if !accountID.MatchString(id) {
		return node{}, invalid("INVALID_PATTERN", "AccountId")
	}
	n, found := s.find(id)
	if !found {
		return node{}, wire.Errorf("AccountNotFoundException", "You specified an account that doesn't exist.")
	}
	return n, nil
}

// ListDelegatedAdministrators shows the accounts that administer a service, or
// any, by id.
func (s *Service) ListDelegatedAdministrators(ctx context.Context, in *organizations.ListDelegatedAdministratorsInput) (*organizations.ListDelegatedAdministratorsOutput, error) {
	if err := s.authorize(ctx, "ListDelegatedAdministrators", "*"); err != nil {
		return nil, err
	}
	principal := aws.ToString(in.ServicePrincipal)
	all, next, err := cut("ListDelegatedAdministrators"+principal, s.administrators(principal), in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &organizations.ListDelegatedAdministratorsOutput{DelegatedAdministrators: all, NextToken: next}, nil
}

// administrators returns the delegated administrators of a service, "" for any.
func (s *Service) administrators(principal string) []types.DelegatedAdministrator {
	since := map[string]time.Time{}
	s.mu.Lock()
	for account, services := range s.delegated {
		for service, at := range services {
			if (principal == "" || service == principal) && (since[account].IsZero() || at.Before(since[account])) {
				since[account] = at
			}
		}
	}
	s.mu.Unlock()
	return sorted(since, func(id string, at time.Time) types.DelegatedAdministrator {
		n, _ := s.find(id)
		a := s.showAccount(n)
		return types.DelegatedAdministrator{
			Arn: a.Arn, Email: a.Email, Id: a.Id, JoinedMethod: a.JoinedMethod, JoinedTimestamp: a.JoinedTimestamp,
			Name: a.Name, State: a.State, Status: a.Status, DelegationEnabledDate: &at,
		}
	})
}

// ListDelegatedServicesForAccount shows the services that an account administers.
func (s *Service) ListDelegatedServicesForAccount(ctx context.Context, in *organizations.ListDelegatedServicesForAccountInput) (*organizations.ListDelegatedServicesForAccountOutput, error) {
	id := aws.ToString(in.AccountId)
	if err := s.authorize(ctx, "ListDelegatedServicesForAccount", s.arn("account", id)); err != nil {
		return nil, err
	}
	if _, err := s.findAccount(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	all := sorted(s.delegated[id], func(principal string, since time.Time) types.DelegatedService {
		return types.DelegatedService{ServicePrincipal: &principal, DelegationEnabledDate: &since}
	})
	s.mu.Unlock()
	if len(all) == 0 {
		return nil, wire.Errorf("AccountNotRegisteredException", "The specified account is not a delegated administrator for this AWS service.")
	}
	all, next, err := cut("ListDelegatedServicesForAccount"+id, all, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &organizations.ListDelegatedServicesForAccountOutput{DelegatedServices: all, NextToken: next}, nil
}
