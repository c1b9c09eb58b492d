package organizations

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"orgship/sandbox/wire"
)

// MoveAccount moves an account from one root or OU to another. Its org path is
// another at once; stack sets of both follow by themselves.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
func (s *Service) MoveAccount(ctx context.Context, in *organizations.MoveAccountInput) (*organizations.MoveAccountOutput, error) {
	account, from, to := aws.ToString(in.AccountId), aws.ToString(in.SourceParentId), aws.ToString(in.DestinationParentId)
	err := s.authorizeChange(ctx, "MoveAccount", s.arn("account", account), s.containerARN(from), s.containerARN(to))
	if err != nil {
		return nil, err
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	if err := s.movable(account, from, to); err != nil {
		return nil, err
	}
	if !s.tree.move(account, from, to) {
		return nil, notInSource()
	}
	if s.moved != nil {
		s.moved(account)
	}
	return &organizations.MoveAccountOutput{}, nil
}

// movable refuses a move that can't be made.
func (s *Service) movable(account, from, to string) error {
	n, err := s.findAccount(account)
	switch {
	case err != nil:
		return err
	case !rootID.MatchString(from) && !unitID.MatchString(from):
		return invalid("INVALID_PATTERN", "SourceParentId")
	case !rootID.MatchString(to) && !unitID.MatchString(to):
		return invalid("INVALID_PATTERN", "DestinationParentId")
	}
	if _, there := s.tree.Below(from); !there {
		return notInSource()
	}
	if _, there := s.tree.Below(to); !there {
		return wire.Errorf("DestinationParentNotFoundException",
			"We can't find the destination container (a root or OU) with the ParentId that you specified.")
	}
	if n.parent == to {
		return wire.Errorf("DuplicateAccountException", "That account is already present in the specified destination.")
	}
	return nil
}

// notInSource refuses a source.
//
// Assumption A106: a source that is there but isn't where the account is, is
// refused like one that doesn't exist.
func notInSource() error {
	return wire.Errorf("SourceParentNotFoundException", "We can't find a source root or OU with the ParentId that you specified.")
}
