package organizations

import (
	"context"

	"orgship/sandbox/iam"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	account := iam.Caller(ctx).Account
	for _, principal := range s.Delegations(account) {
		add("organizations:delegated-administrator", principal)
	}
	if account != s.Management() {
		return nil
	}
	for _, principal := range s.Trusted() {
		add("organizations:service-access", principal)
	}
	return nil
}
