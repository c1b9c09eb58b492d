package org_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/org"
	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
	"orgship/sandbox/wire"
)

const (
	management = "999999999999"
	root       = "o-sandbox001/r-sbox/"
)

// world is an organization over HTTP, and how it was asked.
type world struct {
	client *awsorg.Client
	wire   *wire.Handler
}

// newWorld serves a tree to an account's administrator.
func newWorld(t *testing.T, tree *organizations.Organization, account string) world {
	t.Helper()
	if err := tree.Validate(); err != nil {
		t.Fatal(err)
	}
	users := iam.New(iam.Config{Clock: clock.Clock{}, Organization: tree})
	if err := users.AddUser(account, "admin", "AKIA", "secret", iam.AdministratorPolicy); err != nil {
		t.Fatal(err)
	}
	h, err := wire.New(wire.Config{Region: "eu-west-1", Keys: users},
		organizations.New(organizations.Config{Tree: organizations.NewTree(tree), Auth: users}).Wire())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return world{wire: h, client: awsorg.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", ""),
	})}
}

func (w world) calls() int { return len(w.wire.Calls()) }

func hint(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

var (
	development = org.Unit{ID: "ou-sbox-dev00001", Name: "development", Path: root + "ou-sbox-dev00001/", NamePath: "development"}
	teamA       = org.Unit{ID: "ou-sbox-teama001", Name: "team-a", Path: root + "ou-sbox-dev00001/ou-sbox-teama001/", NamePath: "development/team-a"}
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, organizations.Default(), "222222222222") // any member may
	o := org.New(w.client)
	for range 3 {
		got, err := o.Describe(context.Background())
		if err != nil || got != (org.Info{ID: "o-sandbox001", ManagementAccount: management}) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if w.calls() != 1 {
		t.Errorf("%d calls", w.calls())
	}
}

// A unit is found by what people have at hand, and at what price.
func TestOU(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reference string
		want      org.Unit
		calls     int
	}{
		{"r-sbox", org.Unit{ID: "r-sbox", Name: "Root", Path: root}, 2},
		{root, org.Unit{ID: "r-sbox", Name: "Root", Path: root}, 2},
		{"ou-sbox-dev00001", development, 3},         // describe it, its parent, the organization
		{"ou-sbox-teama001", teamA, 5},               // and the same for the OU between
		{root + "ou-sbox-dev00001/", development, 3}, // its org path
		{"development", development, 2 + 5},          // the root, then the OUs below it and four more
		{"team-a", teamA, 7},
		{"development/team-a", teamA, 7},
		{"/development/team-a/", teamA, 7},
		{"/development", development, 7},
	} {
		t.Run(test.reference, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, organizations.Default(), management)
			o := org.New(w.client)
			for range 2 {
				got, err := o.OU(context.Background(), test.reference)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
			}
			if w.calls() != test.calls {
				t.Errorf("%d calls, want %d", w.calls(), test.calls)
			}
		})
	}
}

func TestOUFaults(t *testing.T) {
	t.Parallel()
	const known = "there are: shared (ou-sbox-shared01), development (ou-sbox-dev00001), development/team-a (ou-sbox-teama001), production (ou-sbox-prod0001)"
	for reference, want := range map[string]string{
		"dev":                                   `there is no organizational unit "dev"; ` + known,
		"/team-a":                               `there is no organizational unit "/team-a"; ` + known,
		"Development":                           `there is no organizational unit "Development"; ` + known,
		"ou-sbox-00000000":                      `there is no organizational unit "ou-sbox-00000000"; ` + known,
		"r-other":                               `there is no organizational unit "r-other"; ` + known,
		root + "ou-sbox-00000000/":              `there is no organizational unit "` + root + `ou-sbox-00000000/"; ` + known,
		root + "ou-sbox-teama001/":              `there is no OU at "` + root + `ou-sbox-teama001/": OU "development/team-a" (ou-sbox-teama001) is at "` + teamA.Path + `"`,
		"":                                      "no organizational unit is named",
		"/":                                     "no organizational unit is named",
		root + "ou-sbox-dev00001":               `there is no organizational unit "` + root + `ou-sbox-dev00001"; ` + known, // without its slash
		"o-otherorg01/r-sbox/ou-sbox-dev00001/": `there is no OU at "o-otherorg01/r-sbox/ou-sbox-dev00001/": OU "development" (ou-sbox-dev00001) is at "` + development.Path + `"`,
	} {
		t.Run(reference, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, organizations.Default(), management)
			_, err := org.New(w.client).OU(context.Background(), reference)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if strings.Contains(want, known) {
				var unknown *org.UnknownOUError
				if !errors.As(err, &unknown) || unknown.Reference != reference || len(unknown.Known) != 4 || hint(err) == "" {
					t.Errorf("got %#v, hint %q", err, hint(err))
				}
			}
		})
	}
}

// Two OUs of one name under different parents.
func TestAmbiguous(t *testing.T) {
	t.Parallel()
	tree := organizations.Default()
	tree.Units[2].Units = []organizations.Unit{{ID: "ou-sbox-teama002", Name: "team-a"}}
	w := newWorld(t, tree, management)
	_, err := org.New(w.client).OU(context.Background(), "team-a")
	var ambiguous *org.AmbiguousOUError
	if !errors.As(err, &ambiguous) || len(ambiguous.Candidates) != 2 {
		t.Fatalf("got %v", err)
	}
	want := `2 organizational units are named "team-a": development/team-a (ou-sbox-teama001), production/team-a (ou-sbox-teama002)`
	if err.Error() != want || !strings.Contains(hint(err), "ou-sbox-teama001 or development/team-a") {
		t.Errorf("got %v\nhint %s", err, hint(err))
	}
	for _, reference := range []string{"development/team-a", "production/team-a", "ou-sbox-teama002"} {
		if _, err := org.New(w.client).OU(context.Background(), reference); err != nil {
			t.Error(err)
		}
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	tree := organizations.Default()
	tree.Units[1].Accounts[1].Suspended = true
	w := newWorld(t, tree, "111111111111") // a delegated administrator
	o, ctx := org.New(w.client), context.Background()
	unit, err := o.OU(ctx, "ou-sbox-dev00001")
	if err != nil {
		t.Fatal(err)
	}
	want := []org.Account{
		{ID: "222222222222", Name: "dev-1", OrgPath: development.Path},
		{ID: "333333333333", Name: "dev-2", OrgPath: development.Path, Suspended: true},
		{ID: "444444444444", Name: "team-a", OrgPath: teamA.Path},
	}
	for range 2 {
		got, err := o.Accounts(ctx, unit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	before := w.calls()
	if before != 3+4 {
		t.Errorf("%d calls, want 7", before)
	}
	for _, a := range want { // known by now
		if path, err := o.Path(ctx, a.ID); err != nil || path != a.OrgPath {
			t.Errorf("path of %s: %s, %v", a.ID, path, err)
		}
	}
	if w.calls() != before {
		t.Errorf("%d more calls for paths that are known", w.calls()-before)
	}
	everyone, err := o.Root(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all, err := o.Accounts(ctx, everyone)
	if err != nil || len(all) != 6 {
		t.Errorf("all accounts: %v, %v", all, err)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for account, want := range map[string]string{
		management:     root,
		"222222222222": development.Path,
		"444444444444": teamA.Path,
	} {
		w := newWorld(t, organizations.Default(), management)
		got, err := org.New(w.client).Path(context.Background(), account)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", account, got, err)
		}
	}
	w := newWorld(t, organizations.Default(), management)
	_, err := org.New(w.client).Path(context.Background(), "666666666666")
	var child *types.ChildNotFoundException
	if !errors.As(err, &child) || !strings.HasPrefix(err.Error(), `finding the org path of account "666666666666": ChildNotFoundException: We can't find`) || hint(err) == "" {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
}

func TestNotAllowed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, organizations.Default(), "222222222222")
	_, byName := org.New(w.client).OU(ctx, "development")
	_, byID := org.New(w.client).OU(ctx, "ou-sbox-dev00001")
	_, path := org.New(w.client).Path(ctx, "222222222222")
	_, below := org.New(w.client).Accounts(ctx, development)
	for i, err := range []error{byName, byID, path, below} {
		var denied *types.AccessDeniedException
		if !errors.As(err, &denied) || !strings.Contains(hint(err), "delegated administrators") || strings.Contains(err.Error(), "RequestID") {
			t.Errorf("%d: got %v, hint %q", i, err, hint(err))
		}
	}
	w = newWorld(t, organizations.Default(), "666666666666")
	_, err := org.New(w.client).Describe(ctx)
	if err == nil || err.Error() != "describing the organization: AWSOrganizationsNotInUseException: Your account is not a member of an organization." || hint(err) == "" {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
}

// More children than fit on a page.
func TestManyPages(t *testing.T) {
	t.Parallel()
	tree := organizations.Default()
	for i := range 45 {
		id := string([]byte{byte('0' + i/10), byte('0' + i%10)})
		tree.Units = append(tree.Units, organizations.Unit{ID: "ou-sbox-000000" + id, Name: "unit-" + id})
		tree.Units[1].Accounts = append(tree.Units[1].Accounts, organizations.Account{ID: "7777777777" + id, Name: "a" + id})
	}
	w := newWorld(t, tree, management)
	o, ctx := org.New(w.client), context.Background()
	if _, err := o.OU(ctx, "unit-44"); err != nil {
		t.Error(err)
	}
	accounts, err := o.Accounts(ctx, development)
	if err != nil || len(accounts) != 3+45 {
		t.Errorf("%d accounts, %v", len(accounts), err)
	}
	_, err = o.OU(ctx, "nowhere")
	if err == nil || !strings.HasSuffix(err.Error(), "and 29 more") {
		t.Errorf("got %v", err)
	}
}
