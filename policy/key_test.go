package policy_test

import (
	"strings"
	"testing"

	"orgship/policy"
)

func TestMeant(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"aws:PrincipalOrgPath":          "aws:PrincipalOrgPaths",
		"aws:principalorgpath":          "aws:PrincipalOrgPaths",
		"aws:PrincipalOrgsPaths":        "aws:PrincipalOrgPaths",
		"aws:PrincipalOrganizationPath": "aws:PrincipalOrgPaths",
		"aws:PrincipalOrgIDs":           "aws:PrincipalOrgID",
		"aws:PrincipalOrganizationID":   "aws:PrincipalOrgID",
		"aws:PrincpalArn":               "aws:PrincipalArn",
		"aws:SourceVpcees":              "aws:SourceVpce",
		"aws:Referrer":                  "aws:Referer",
		"aws:PrincipalOrgPaths":         "",
		"AWS:PRINCIPALORGID":            "",
		"aws:SourceVpc":                 "",
		"aws:SourceVpce":                "",
		"aws:PrincipalTag/team":         "",
		"aws:NewNextYear":               "",
		"ecr:ResourceTag/team":          "",
		"PrincipalOrgPath":              "",
		"":                              "",
	} {
		if got := policy.Meant(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

// AWS has no misspelt key, so that it is in no request: what asks for it is decided,
// and the reason says why.
func TestMisspeltKey(t *testing.T) {
	t.Parallel()
	for operator, want := range map[string]bool{
		"ForAnyValue:StringLike":    false,
		"ForAllValues:StringLike":   true,
		"StringLike":                false,
		"StringLikeIfExists":        true,
		"ForAnyValue:StringNotLike": false,
		"StringNotLike":             true,
	} {
		t.Run(operator, func(t *testing.T) {
			t.Parallel()
			text := strings.NewReplacer("ForAnyValue:StringLike", operator, "aws:PrincipalOrgPaths", "aws:PrincipalOrgPath").Replace(pullStatement("o-x/*"))
			d := pull(t, text, "o-x/r-z/ou-y/")
			if d.Allowed != want || d.Undecided || !strings.Contains(d.Reason, "AWS has no key aws:PrincipalOrgPath (aws:PrincipalOrgPaths?), which ") {
				t.Errorf("allowed %t, want %t: %s", d.Allowed, want, d.Reason)
			}
		})
	}
}
