package organizations_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/organizations"
)

func TestDefault(t *testing.T) {
	t.Parallel()
	o := organizations.Default()
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range o.List() {
		got[m.ID+" "+m.Name] = m.OrgPath
	}
	want := map[string]string{
		"999999999999 management":      "o-sandbox001/r-sbox/",
		"111111111111 shared-services": "o-sandbox001/r-sbox/ou-sbox-shared01/",
		"222222222222 dev-1":           "o-sandbox001/r-sbox/ou-sbox-dev00001/",
		"333333333333 dev-2":           "o-sandbox001/r-sbox/ou-sbox-dev00001/",
		"444444444444 team-a":          "o-sandbox001/r-sbox/ou-sbox-dev00001/ou-sbox-teama001/",
		"555555555555 prod-1":          "o-sandbox001/r-sbox/ou-sbox-prod0001/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if path, ok := o.OrgPath("444444444444"); !ok || path != want["444444444444 team-a"] {
		t.Errorf("path %q, %t", path, ok)
	}
	if path, ok := o.OrgPath("666666666666"); ok || path != "" {
		t.Errorf("a stranger's path %q, %t", path, ok)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	source, err := json.Marshal(organizations.Default())
	if err != nil {
		t.Fatal(err)
	}
	o, err := organizations.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(organizations.Default(), o); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]string{
		`{`:             "parsing organization file",
		`{} {}`:         "more after its end",
		`{"rootID2":1}`: `unknown field "rootID2"`,
	} {
		if _, err := organizations.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// All faults of a file are told at once.
func TestValidate(t *testing.T) {
	t.Parallel()
	o := &organizations.Organization{
		ID: "sandbox", RootID: "r-sbox", ManagementAccount: "123456789012", DelegatedAdministrators: []string{"7"},
		Accounts: []organizations.Account{{ID: "1"}, {ID: "222222222222", Name: "a"}, {ID: "222222222222", Name: "b"}},
		Units: []organizations.Unit{
			{ID: "ou-other-00000001", Name: "x"},
			{ID: "ou-sbox-00000002", Name: "x"},
			{ID: "ou-sbox-00000002"},
			{ID: "dev"},
		},
	}
	err := o.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`organization id "sandbox"`, `account id "1" has not 12 digits`, `account "1" has no name`, `account "222222222222" is there twice`,
		`OU id "ou-other-00000001" must begin with "ou-sbox-"`, `OU name "x" is there twice under the root`, `OU "ou-sbox-00000002" is there twice`,
		`OU id "dev" has not the form`, `OU "dev" has no name`, `management account "123456789012" is not among`, `delegated administrator "7" is not among`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
}
