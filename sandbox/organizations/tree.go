package organizations

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Organization is a tree of accounts. Its JSON form is the format of the
// sandbox's organization file; Default shows one.
type Organization struct {
	ID     string `json:"id"`     // "o-" and 10 to 32 lower-case letters or digits
	RootID string `json:"rootId"` // "r-" and 4 to 32
	// ManagementAccount owns the organization; it must be one of its accounts.
	ManagementAccount string `json:"managementAccount"`
	// DelegatedAdministrators are member accounts that may read the organization
	// as the management account may: they administer a service for it, Account
	// Management.
	DelegatedAdministrators []string  `json:"delegatedAdministrators,omitempty"`
	Accounts                []Account `json:"accounts,omitempty"` // directly under the root
	Units                   []Unit    `json:"units,omitempty"`    // directly under the root
}

// Unit is an organizational unit.
type Unit struct {
	// ID is "ou-", the root's part of the root id, "-" and 8 to 32 lower-case
	// letters or digits.
	ID       string    `json:"id"`
	Name     string    `json:"name"` // unique among its siblings
	Accounts []Account `json:"accounts,omitempty"`
	Units    []Unit    `json:"units,omitempty"`
}

// Account is an account of an organization.
type Account struct {
	ID        string `json:"id"` // 12 digits
	Name      string `json:"name"`
	Email     string `json:"email,omitempty"` // name@example.com when empty
	Suspended bool   `json:"suspended,omitempty"`
}

// Default returns the sandbox's organization. Its account shared-services is a
// delegated administrator, so that it can look up organization and OU itself
// when it shares its repository.
func Default() *Organization {
	return &Organization{
		ID: "o-sandbox001", RootID: "r-sbox",
		ManagementAccount:       "999999999999",
		DelegatedAdministrators: []string{"111111111111"},
		Accounts:                []Account{{ID: "999999999999", Name: "management"}},
		Units: []Unit{
			{ID: "ou-sbox-shared01", Name: "shared", Accounts: []Account{{ID: "111111111111", Name: "shared-services"}}},
			{
				ID: "ou-sbox-dev00001", Name: "development",
				Accounts: []Account{{ID: "222222222222", Name: "dev-1"}, {ID: "333333333333", Name: "dev-2"}},
				Units: []Unit{
					{ID: "ou-sbox-teama001", Name: "team-a", Accounts: []Account{{ID: "444444444444", Name: "team-a"}}},
				},
			},
			{ID: "ou-sbox-prod0001", Name: "production", Accounts: []Account{{ID: "555555555555", Name: "prod-1"}}},
		},
	}
}

// Parse reads an organization file and validates it.
func Parse(source []byte) (*Organization, error) {
	d := json.NewDecoder(bytes.NewReader(source))
	d.DisallowUnknownFields()
	o := &Organization{}
	if err := d.Decode(o); err != nil {
		return nil, fmt.Errorf("parsing organization file: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("parsing organization file: it has more after its end")
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return o, nil
}

// The forms of https://docs.aws.amazon.com/organizations/latest/APIReference/
var (
	organizationID = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	rootID         = regexp.MustCompile(`^r-([0-9a-z]{4,32})$`)
	unitID         = regexp.MustCompile(`^ou-([0-9a-z]{4,32})-[a-z0-9]{8,32}$`)
	accountID      = regexp.MustCompile(`^\d{12}$`)
)

// Validate reports all that is wrong with the organization, joined in one error.
func (o *Organization) Validate() error {
	v := &validator{seen: map[string]bool{}}
	v.check(organizationID.MatchString(o.ID), "organization id %q has not the form o-<10 to 32 lower-case letters or digits>", o.ID)
	root := rootID.FindStringSubmatch(o.RootID)
	v.check(root != nil, "root id %q has not the form r-<4 to 32 lower-case letters or digits>", o.RootID)
	if root != nil {
		v.root = root[1]
	}
	v.accounts(o.Accounts)
	v.units(o.Units, "the root")
	v.check(v.seen[o.ManagementAccount], "management account %q is not among the accounts", o.ManagementAccount)
	for _, id := range o.DelegatedAdministrators {
		v.check(v.seen[id] && accountID.MatchString(id), "delegated administrator %q is not among the accounts", id)
		v.check(id != o.ManagementAccount, "management account %q can't be a delegated administrator", id)
	}
	if len(v.faults) > 0 {
		return fmt.Errorf("validating organization: %s", strings.Join(v.faults, "; "))
	}
	return nil
}

// validator gathers the faults of an organization.
type validator struct {
	root   string          // the part of the root id that is in every OU id
	seen   map[string]bool // ids
	faults []string
}

func (v *validator) check(ok bool, format string, args ...any) {
	if !ok {
		v.faults = append(v.faults, fmt.Sprintf(format, args...))
	}
}

func (v *validator) accounts(accounts []Account) {
	for _, a := range accounts {
		v.check(accountID.MatchString(a.ID), "account id %q has not 12 digits", a.ID)
		v.check(a.Name != "", "account %q has no name", a.ID)
		v.check(!v.seen[a.ID], "account %q is there twice", a.ID)
		v.seen[a.ID] = true
	}
}

func (v *validator) units(units []Unit, parent string) {
	var names []string
	for _, u := range units {
		parts := unitID.FindStringSubmatch(u.ID)
		v.check(parts != nil, "OU id %q has not the form ou-<root>-<8 to 32 lower-case letters or digits>", u.ID)
		v.check(parts == nil || v.root == "" || parts[1] == v.root, "OU id %q must begin with \"ou-%s-\", as its root does", u.ID, v.root)
		v.check(u.Name != "", "OU %q has no name", u.ID)
		v.check(!slices.Contains(names, u.Name), "OU name %q is there twice under %s", u.Name, parent)
		v.check(!v.seen[u.ID], "OU %q is there twice", u.ID)
		v.seen[u.ID] = true
		names = append(names, u.Name)
		v.accounts(u.Accounts)
		v.units(u.Units, fmt.Sprintf("OU %q", u.ID))
	}
}

// OrgPath returns an account's org path, e.g.
// "o-sandbox001/r-sbox/ou-sbox-dev00001/"; false when it is no member.
func (o *Organization) OrgPath(account string) (string, bool) {
	path, found := "", false
	o.walk(func(n node) {
		if n.account != nil && n.account.ID == account {
			path, found = n.path, true
		}
	})
	return path, found
}

// List returns all accounts with their org paths, ordered by id.
func (o *Organization) List() []Member {
	var members []Member
	o.walk(func(n node) {
		if n.account != nil {
			members = append(members, Member{Account: *n.account, OrgPath: n.path})
		}
	})
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	return members
}

// Member is an account and its place.
type Member struct {
	Account
	OrgPath string
}

// node is an account or OU met on a walk.
type node struct {
	parent  string // id of root or OU
	path    string // org path of an account; of an OU, its own
	account *Account
	unit    *Unit
}

// walk visits accounts and OUs from the root down.
func (o *Organization) walk(visit func(node)) {
	var below func(parent, path string, accounts []Account, units []Unit)
	below = func(parent, path string, accounts []Account, units []Unit) {
		for i := range accounts {
			visit(node{parent: parent, path: path, account: &accounts[i]})
		}
		for i := range units {
			u := &units[i]
			visit(node{parent: parent, path: path + u.ID + "/", unit: u})
			below(u.ID, path+u.ID+"/", u.Accounts, u.Units)
		}
	}
	below(o.RootID, o.ID+"/"+o.RootID+"/", o.Accounts, o.Units)
}
