package stackset

import (
	"slices"

	"orgship/sandbox/id"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// AccountMoved deploys stack sets to an account that came below one of their
// units, and takes from it those whose units it left, as far as they deploy
// automatically. It returns before that is done.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html
//
// Assumption A113: below another unit of the same set it keeps its stack. While
// trusted access isn't activated, nothing happens, nor later.
func (s *Service) AccountMoved(account string) {
	for _, moved := range s.automatic() {
		at, below := s.place(moved.units, account)
		s.mu.Lock()
		s.follow(moved.set, account, at, below)
		s.mu.Unlock()
	}
}

// deployment is a set and the units that it is deployed to.
type deployment struct {
	set   *set
	units []string
}

// automatic returns the sets that are deployed automatically.
func (s *Service) automatic() []deployment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []deployment
	for _, st := range s.sets {
		if s.active && st.status == types.StackSetStatusActive && st.auto.Enabled != nil && *st.auto.Enabled {
			all = append(all, deployment{st, slices.Clone(st.units)})
		}
	}
	return all
}

// place returns by which of the units an account is reached.
func (s *Service) place(units []string, account string) (reachedAccount, bool) {
	reached, _ := s.reach(units)
	i := slices.IndexFunc(reached, func(r reachedAccount) bool { return r.account.ID == account })
	if i < 0 {
		return reachedAccount{}, false
	}
	return reached[i], true
}

// follow has a set's instances be where its accounts are. Call it with s.mu held.
func (s *Service) follow(moved *set, account string, at reachedAccount, below bool) {
	action, i := types.StackSetOperationActionCreate, moved.instance(account)
	switch {
	case below == moved.planned(account):
		if below && i != nil {
			i.unit = at.unit
		}
		return
	case below:
		if i = moved.ensure(account, at.unit); i.suspend(at.account) {
			return
		}
	default:
		action = types.StackSetOperationActionDelete
		if i != nil {
			at.unit = i.unit
		}
	}
	o := &operation{set: moved, id: id.UUID(), action: action, status: types.StackSetOperationStatusQueued, retain: moved.retains()}
	o.add(account, at.unit)
	s.begin(o)
}
