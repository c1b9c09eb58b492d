package policy_test

import (
	"strings"
	"testing"

	"orgship/policy"
)

// pullStatement is a repository policy as cfn/ecr-repository.yaml makes it.
func pullStatement(pattern string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"AllowPull","Effect":"Allow","Principal":"*",
		"Action":["ecr:BatchCheckLayerAvailability","ecr:BatchGetImage","ecr:DescribeImages",
			"ecr:DescribeRepositories","ecr:GetDownloadUrlForLayer"],
		"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"` + pattern + `"}}}]}`
}

// pull asks whether a role of another account may pull, by its org path.
func pull(t *testing.T, document, path string) policy.Decision {
	t.Helper()
	d, err := policy.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]string{"aws:PrincipalOrgPaths": nil}
	if path != "" {
		keys["aws:PrincipalOrgPaths"] = []string{path}
	}
	return policy.Evaluate(policy.Request{
		Principal: policy.Principal{
			Account: "222222222222",
			ARN:     "arn:aws:sts::222222222222:assumed-role/Execution/task",
			RoleARN: "arn:aws:iam::222222222222:role/Execution",
		},
		Action:         "ecr:BatchGetImage",
		Resource:       "arn:aws:ecr:eu-west-1:111111111111:repository/demo",
		Context:        keys,
		Identity:       []*policy.Document{policy.FullAccess()},
		ResourcePolicy: d,
	})
}

// TestOrgPathPatterns is the table of what a pattern means for accounts at five
// places, from the rules at
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgpaths
func TestOrgPathPatterns(t *testing.T) {
	t.Parallel()
	paths := []string{
		"o-x/r-z/ou-y/",          // directly in the OU, which is under the root
		"o-x/r-z/ou-p/ou-y/",     // directly in the OU, which is nested
		"o-x/r-z/ou-y/ou-child/", // in a child OU
		"o-x/r-z/",               // at the root
		"o-other/r-z/ou-y/",      // the same OU id in another organization
	}
	for pattern, want := range map[string]string{
		"o-x/*/ou-y/*":      "TTTFF",
		"o-x/*/ou-y/":       "TTFFF",
		"o-x/*/ou-y":        "FFFFF",
		"o-x/r-z/ou-y/":     "TFFFF",
		"o-x/r-z/ou-y/*":    "TFTFF",
		"o-x/r-z/ou-y/ou-*": "FFTFF",
		"o-x/ou-y/*":        "FFFFF",
		"o-x/*/r-z/*":       "FFFFF",
		"o-x/*":             "TTTTF",
		"*/ou-y/*":          "TTTFT",
		"o-x/*/ou-y*":       "TTTFF",
		"o-x/*/ou-y/*/":     "FFTFF",
	} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			for _, path := range paths {
				if pull(t, pullStatement(pattern), path).Allowed {
					got.WriteByte('T')
				} else {
					got.WriteByte('F')
				}
			}
			if got.String() != want {
				t.Errorf("got %s, want %s for %v", got.String(), want, paths)
			}
		})
	}
}

func TestOrgPathOfNoOrganization(t *testing.T) {
	t.Parallel()
	if d := pull(t, pullStatement("*"), ""); d.Allowed {
		t.Errorf("a principal without organization was allowed: %s", d.Reason)
	}
	forAll := strings.Replace(pullStatement("o-x/*"), "ForAnyValue", "ForAllValues", 1)
	if d := pull(t, forAll, ""); !d.Allowed {
		t.Errorf("ForAllValues holds for a missing key, as documented, but: %s", d.Reason)
	}
	without := strings.Replace(pullStatement("o-x/*"), "ForAnyValue:", "", 1)
	d := pull(t, without, "o-x/r-z/ou-y/")
	if d.Allowed || !strings.Contains(d.Reason, "needs ForAnyValue or ForAllValues") {
		t.Errorf("without a set operator: allowed %t, %s", d.Allowed, d.Reason)
	}
}

// An OU id that merely begins like ours is let in by a pattern without slash.
func TestOrgPathPatternWithoutSlash(t *testing.T) {
	t.Parallel()
	if !pull(t, pullStatement("o-x/*/ou-y*"), "o-x/r-z/ou-yonder/").Allowed {
		t.Error("o-x/*/ou-y* should match ou-yonder too")
	}
	if pull(t, pullStatement("o-x/*/ou-y/*"), "o-x/r-z/ou-yonder/").Allowed {
		t.Error("o-x/*/ou-y/* should not match ou-yonder")
	}
}
