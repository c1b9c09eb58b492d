package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"orgship/sandbox/ec2"
	"orgship/sandbox/github"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
)

// Names of what each account has.
const (
	adminUser = "admin"
	// accessRole is the role that Organizations makes in the accounts it creates:
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
	accessRole = "OrganizationAccountAccessRole"
	// bootstrapVersion is the parameter in which the CDK's bootstrap stack writes its
	// version. Every template of the CDK reads it, and no account of the sandbox is
	// bootstrapped, so each begins with it.
	// https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html
	bootstrapVersion = "/cdk-bootstrap/hnb659fds/version"
	newestBootstrap  = "33"
)

// Account is an account of the sandbox and the access key of its administrator;
// one that CreateAccount made has none.
type Account struct {
	ID              string   `json:"id"`      // 12 digits
	Name            string   `json:"name"`    // dev-1
	OrgPath         string   `json:"orgPath"` // o-sandbox001/r-sbox/ou-sbox-dev00001/
	AccessKeyID     string   `json:"accessKeyId"`
	SecretAccessKey string   `json:"secretAccessKey"`
	VPCID           string   `json:"vpcId"` // the default VPC
	SubnetIDs       []string `json:"subnetIds"`
}

// Key is an access key.
type Key struct{ ID, Secret string }

// Info is what a client needs to know of a sandbox.
type Info struct {
	Endpoint       string    `json:"endpoint"` // http://127.0.0.1:4566
	Region         string    `json:"region"`
	OrganizationID string    `json:"organizationId"`
	RootID         string    `json:"rootId"`
	Accounts       []Account `json:"accounts"` // by id
	GitHub         GitHub    `json:"github"`
	// CA is the certificate of the authority that signs what ACM issues, in PEM: clients
	// that are to trust load balancers need it.
	CA string `json:"ca"`
}

// GitHub is where tokens of GitHub Actions are issued.
type GitHub struct {
	TokenURL     string `json:"tokenUrl"`     // http://127.0.0.1:4566/_github/token
	RequestToken string `json:"requestToken"` // the bearer token of whoever may ask
}

// URL returns what a runner has in ACTIONS_ID_TOKEN_REQUEST_URL, for tokens with a
// subject, e.g. "repo:acme/app:environment:dev-1".
func (g GitHub) URL(subject string) string {
	return g.TokenURL + "?" + url.Values{"sub": {subject}}.Encode()
}

// Info describes the sandbox. Its URLs lack the endpoint before Listen.
func (s *Sandbox) Info() Info {
	return Info{
		Endpoint: s.Endpoint(), Region: s.region,
		OrganizationID: s.organization.ID, RootID: s.organization.RootID, Accounts: s.Accounts(),
		GitHub: GitHub{TokenURL: s.Endpoint() + github.Path, RequestToken: s.rooms.github.RequestToken()}, CA: string(s.CA()),
	}
}

// CA returns the certificate of the authority that signs what ACM issues in this
// sandbox, in PEM.
func (s *Sandbox) CA() []byte {
	ca, err := s.rooms.acm.CA()
	if err != nil {
		panic("sandbox: internal error: " + err.Error()) // can't happen: making a key of P-256 doesn't fail
	}
	return ca
}

// Accounts returns the accounts, by id, with the org paths that they have now.
func (s *Sandbox) Accounts() []Account {
	s.mu.Lock()
	accounts := slices.Clone(s.accounts)
	s.mu.Unlock()
	slices.SortFunc(accounts, func(a, b Account) int { return strings.Compare(a.ID, b.ID) })
	for i, a := range accounts {
		accounts[i].OrgPath, _ = s.tree.OrgPath(a.ID)
	}
	return accounts
}

// Account returns the account with an id or name, and false when there is none.
func (s *Sandbox) Account(idOrName string) (Account, bool) {
	accounts := s.Accounts()
	i := slices.IndexFunc(accounts, func(a Account) bool { return a.ID == idOrName || a.Name == idOrName })
	if i < 0 {
		return Account{}, false
	}
	return accounts[i], true
}

// addAccounts gives every account of the organization what it begins with: an
// administrator, the management account's role, and a network.
func (s *Sandbox) addAccounts(secrets map[string]string, key *Key) error {
	for id := range secrets {
		if _, ok := s.organization.OrgPath(id); !ok {
			return fmt.Errorf("making sandbox: there is a secret for account %q, which is not in the organization", id)
		}
	}
	for _, member := range s.organization.List() {
		network := s.equip(member.ID)
		a := Account{
			ID: member.ID, Name: member.Name, OrgPath: member.OrgPath,
			AccessKeyID: accessKeyID(member.ID), SecretAccessKey: secrets[member.ID],
			VPCID: network.VPCID, SubnetIDs: network.SubnetIDs,
		}
		if key != nil && a.ID == s.organization.ManagementAccount {
			a.AccessKeyID, a.SecretAccessKey = key.ID, key.Secret
		}
		if a.SecretAccessKey == "" {
			a.SecretAccessKey = newSecret()
		}
		if err := s.rooms.iam.AddUser(a.ID, adminUser, a.AccessKeyID, a.SecretAccessKey, iam.AdministratorPolicy); err != nil {
			return fmt.Errorf("making sandbox: %w", err)
		}
		if a.ID != s.organization.ManagementAccount {
			trust := iam.TrustAccount(s.organization.ManagementAccount)
			if err := s.rooms.iam.AddRole(a.ID, accessRole, trust, iam.AdministratorAccess); err != nil {
				return fmt.Errorf("making sandbox: %w", err)
			}
		}
		s.accounts = append(s.accounts, a)
	}
	return nil
}

// furnish gives an account that CreateAccount made what AWS gives it: the role for the
// management account, and a network. Nobody has a key for it.
func (s *Sandbox) furnish(a organizations.Account, role string) error {
	trust := iam.TrustAccount(s.organization.ManagementAccount)
	if err := s.rooms.iam.AddRole(a.ID, role, trust, iam.AdministratorAccess); err != nil {
		return err
	}
	network := s.equip(a.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = append(s.accounts, Account{ID: a.ID, Name: a.Name, VPCID: network.VPCID, SubnetIDs: network.SubnetIDs})
	return nil
}

// equip gives an account a network, and the CDK's parameter.
func (s *Sandbox) equip(account string) ec2.DefaultVPC {
	s.rooms.ssm.Add(account, bootstrapVersion, newestBootstrap)
	return s.rooms.ec2.AddDefaultVPC(account)
}

// accessKeyID returns an id of AWS's shape that is the same in every run.
func accessKeyID(account string) string {
	sum := sha256.Sum256([]byte("access key of " + account))
	return "AKIASANDBOX" + base32.StdEncoding.EncodeToString(sum[:])[:9]
}

// newSecret returns 40 characters, as AWS's secrets have.
func newSecret() string {
	var b [30]byte
	rand.Read(b[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return base64.StdEncoding.EncodeToString(b[:])
}
