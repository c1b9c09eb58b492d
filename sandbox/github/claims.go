package github

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// subject is the claim sub in its old and its immutable form, the ids of which
// stand behind @: repo:OWNER[@ID]/REPOSITORY[@ID]:CONTEXT.
// https://docs.github.com/en/actions/concepts/security/openid-connect
var subject = regexp.MustCompile(`^repo:([\w.-]+)(?:@(\d+))?/([\w.-]+)(?:@(\d+))?:(.+)$`)

// claims returns what a token says: what follows from its subject, and what the
// other parameters of the request say instead.
func claims(query url.Values, id string, now time.Time) (jwt.MapClaims, error) {
	all, err := fromSubject(query.Get("sub"))
	if err != nil {
		return nil, err
	}
	maps.Copy(all, jwt.MapClaims{
		"iss": Issuer, "aud": "https://github.com/" + all["repository_owner"].(string), "jti": id,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(Lifetime).Unix(),
	})
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query.Get(name)
		switch {
		case name == "audience":
			all["aud"] = value
		case name == "exp" || name == "iat" || name == "nbf":
			d, err := time.ParseDuration(value)
			if err != nil {
				return nil, fmt.Errorf("%s %q: it must be a duration from now on, such as 5m or -10m", name, value)
			}
			all[name] = now.Add(d).Unix()
		case slices.Contains(texts(), name):
			all[name] = value
		default:
			return nil, fmt.Errorf("the sandbox does not model the claim %q (it has %s)", name, strings.Join(texts(), ", "))
		}
	}
	return all, nil
}

// texts are the claims that a request may give, but for times.
func texts() []string {
	return []string{
		"actor", "actor_id", "base_ref", "enterprise", "enterprise_id", "environment", "event_name", "head_ref", "iss",
		"job_workflow_ref", "job_workflow_sha", "jti", "ref", "ref_protected", "ref_type", "repository", "repository_id",
		"repository_owner", "repository_owner_id", "repository_visibility", "run_attempt", "run_id", "run_number",
		"runner_environment", "sha", "sub", "workflow", "workflow_ref", "workflow_sha",
	}
}

// fromSubject returns the claims of a run with that subject: of a push to main,
// unless it says otherwise.
func fromSubject(sub string) (jwt.MapClaims, error) {
	m := subject.FindStringSubmatch(sub)
	if m == nil {
		return nil, fmt.Errorf("sub %q: it must be of the form repo:OWNER/REPOSITORY:ref:refs/heads/main or repo:OWNER/REPOSITORY:environment:NAME", sub)
	}
	repository, event, ref := m[1]+"/"+m[3], "push", "refs/heads/main"
	all := jwt.MapClaims{"sub": sub, "repository": repository, "repository_owner": m[1], "actor": m[1], "run_id": "1", "run_attempt": "1"}
	switch kind, name, _ := strings.Cut(m[5], ":"); {
	case m[5] == "pull_request":
		event, ref = "pull_request", "refs/pull/1/merge"
	case kind == "ref":
		ref = name
	case kind == "environment":
		all["environment"] = name
	}
	if m[2] != "" {
		all["repository_owner_id"] = m[2]
	}
	if m[4] != "" {
		all["repository_id"] = m[4]
	}
	all["event_name"], all["ref"] = event, ref
	all["workflow"], all["job_workflow_ref"] = "release", repository+"/.github/workflows/release.yml@"+ref
	return all, nil
}
