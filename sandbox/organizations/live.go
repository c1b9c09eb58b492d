package organizations

import (
	"slices"
	"strings"
	"sync"
)

// Tree is an organization whose accounts move, and that gets new ones. It is safe for concurrent use.
// What never changes of it (ids, the units, the management account) is read
// without the lock.
type Tree struct {
	mu           sync.RWMutex
	organization *Organization
}

// NewTree returns the tree of an organization, which stays as it is.
func NewTree(o *Organization) *Tree {
	own := *o
	own.DelegatedAdministrators = slices.Clone(o.DelegatedAdministrators)
	own.Accounts, own.Units = slices.Clone(o.Accounts), cloneUnits(o.Units)
	return &Tree{organization: &own}
}

func cloneUnits(units []Unit) []Unit {
	own := slices.Clone(units)
	for i, u := range own {
		own[i].Accounts, own[i].Units = slices.Clone(u.Accounts), cloneUnits(u.Units)
	}
	return own
}

// OrgPath returns where an account stands now, as Organization.OrgPath does.
func (t *Tree) OrgPath(account string) (string, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.organization.OrgPath(account)
}

// List returns all accounts with their org paths of now, ordered by id.
func (t *Tree) List() []Member {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.organization.List()
}

// Below returns the accounts below a root or OU, those of the OUs in it too,
// ordered by id; false when there is no such root or OU.
func (t *Tree) Below(parent string) ([]Account, bool) {
	if parent != t.organization.RootID && !slices.ContainsFunc(t.nodes(), func(n node) bool { return n.unit != nil && n.unit.ID == parent }) {
		return nil, false
	}
	var accounts []Account
	for _, m := range t.List() {
		if strings.Contains(m.OrgPath, "/"+parent+"/") {
			accounts = append(accounts, m.Account)
		}
	}
	return accounts, true
}

// nodes returns copies of all accounts and OUs, from the root down.
func (t *Tree) nodes() []node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var all []node
	t.organization.walk(func(n node) {
		if n.account != nil {
			own := *n.account
			n.account = &own
		} else {
			n.unit = &Unit{ID: n.unit.ID, Name: n.unit.Name}
		}
		all = append(all, n)
	})
	return all
}

// move takes an account from one root or OU to another. It reports false when
// the account isn't directly in the first.
func (t *Tree) move(account, from, to string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	source, target := t.accounts(from), t.accounts(to)
	i := slices.IndexFunc(*source, func(a Account) bool { return a.ID == account })
	if i < 0 {
		return false
	}
	*target = append(*target, (*source)[i])
	*source = slices.Delete(*source, i, i+1)
	return true
}

// add puts a new account directly into the root.
func (t *Tree) add(a Account) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.organization.Accounts = append(t.organization.Accounts, a)
}

// accounts returns the list of those directly in a root or OU that exists.
// Call it with the lock held.
func (t *Tree) accounts(parent string) *[]Account {
	list := &t.organization.Accounts
	t.organization.walk(func(n node) {
		if n.unit != nil && n.unit.ID == parent {
			list = &n.unit.Accounts
		}
	})
	return list
}
