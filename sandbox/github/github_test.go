package github_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/clock"
	"orgship/sandbox/github"
)

// ask asks for a token as a runner's clients do.
func ask(s *github.Service, method, authorization, query string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, github.Path+"?"+query, nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// claims verifies the token of an answer and returns what it says.
func claims(t *testing.T, s *github.Service, w *httptest.ResponseRecorder) jwt.MapClaims {
	t.Helper()
	var answer struct{ Value string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	all := jwt.MapClaims{}
	token, err := jwt.ParseWithClaims(answer.Value, all, func(token *jwt.Token) (any, error) {
		return s.Key(token.Header["kid"].(string)), nil
	}, jwt.WithoutClaimsValidation())
	if err != nil {
		t.Fatal(err)
	}
	if token.Header["alg"] != "RS256" || token.Header["typ"] != "JWT" {
		t.Errorf("header %v", token.Header)
	}
	return all
}

func TestToken(t *testing.T) {
	t.Parallel()
	s := github.New(clock.Clock{})
	for _, test := range []struct {
		query string
		want  jwt.MapClaims // beyond what all have
	}{
		{"sub=repo:acme/app:ref:refs/heads/main", jwt.MapClaims{
			"aud": "https://github.com/acme", "sub": "repo:acme/app:ref:refs/heads/main", "event_name": "push", "ref": "refs/heads/main"}},
		{"sub=repo:acme/app:environment:dev-1&audience=sts.amazonaws.com", jwt.MapClaims{
			"aud": "sts.amazonaws.com", "sub": "repo:acme/app:environment:dev-1", "event_name": "push", "ref": "refs/heads/main", "environment": "dev-1"}},
		{"sub=repo:acme@123/app@456:ref:refs/tags/v1", jwt.MapClaims{
			"aud": "https://github.com/acme", "sub": "repo:acme@123/app@456:ref:refs/tags/v1", "event_name": "push", "ref": "refs/tags/v1",
			"repository_owner_id": "123", "repository_id": "456", "job_workflow_ref": "acme/app/.github/workflows/release.yml@refs/tags/v1"}},
		{"sub=repo:acme/app:pull_request", jwt.MapClaims{
			"aud": "https://github.com/acme", "sub": "repo:acme/app:pull_request", "event_name": "pull_request", "ref": "refs/pull/1/merge",
			"job_workflow_ref": "acme/app/.github/workflows/release.yml@refs/pull/1/merge"}},
		{"sub=repo:acme/app:environment:dev-1&actor=mona&run_id=42&iss=https://example.com&exp=-10m&nbf=1h", jwt.MapClaims{
			"aud": "https://github.com/acme", "sub": "repo:acme/app:environment:dev-1", "event_name": "push", "ref": "refs/heads/main", "environment": "dev-1",
			"actor": "mona", "run_id": "42", "iss": "https://example.com", "exp": -10 * time.Minute, "nbf": time.Hour}},
	} {
		t.Run(test.query, func(t *testing.T) {
			t.Parallel()
			want := jwt.MapClaims{
				"iss": "https://token.actions.githubusercontent.com", "repository": "acme/app", "repository_owner": "acme", "actor": "acme",
				"run_id": "1", "run_attempt": "1", "workflow": "release", "job_workflow_ref": "acme/app/.github/workflows/release.yml@refs/heads/main",
				"iat": time.Duration(0), "nbf": time.Duration(0), "exp": 5 * time.Minute,
			}
			maps.Copy(want, test.want)
			before := time.Now().Truncate(time.Second)
			got := claims(t, s, ask(s, http.MethodGet, "Bearer "+s.RequestToken(), test.query))
			after := time.Now()
			if id, _ := got["jti"].(string); id == "" {
				t.Error("no jti")
			}
			delete(got, "jti")
			for _, name := range []string{"exp", "iat", "nbf"} {
				at := time.Unix(int64(got[name].(float64)), 0)
				if offset := want[name].(time.Duration); at.Before(before.Add(offset)) || at.After(after.Add(offset)) {
					t.Errorf("%s is %v, asked for %v from %v on", name, at, offset, before)
				}
				delete(got, name)
				delete(want, name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

// The URL has a query already; clients add the audience, by parsing it or by
// appending "&audience=…" to the text.
func TestAudienceIsAdded(t *testing.T) {
	t.Parallel()
	s := github.New(clock.Clock{})
	query := url.Values{"sub": {"repo:acme/app:ref:refs/heads/main"}}
	appended := query.Encode() + "&audience=" + url.QueryEscape("sts.amazonaws.com")
	query.Set("audience", "sts.amazonaws.com")
	for _, text := range []string{appended, query.Encode()} {
		if got := claims(t, s, ask(s, http.MethodGet, "Bearer "+s.RequestToken(), text)); got["aud"] != "sts.amazonaws.com" {
			t.Errorf("%s: audience %v", text, got["aud"])
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s, other := github.New(clock.Clock{}), github.New(clock.Clock{})
	bearer := "Bearer " + s.RequestToken()
	const good = "sub=repo:acme/app:pull_request"
	for _, test := range []struct {
		name, method, authorization, query string
		status                             int
		want                               string
	}{
		{"no token", "GET", "", good, 401, "Authorization"},
		{"another's token", "GET", "Bearer " + other.RequestToken(), good, 401, "Authorization"},
		{"no Bearer", "GET", s.RequestToken(), good, 401, "Authorization"},
		{"a part of it", "GET", bearer[:len(bearer)-1], good, 401, "Authorization"},
		{"POST", "POST", bearer, good, 405, "GET"},
		{"no subject", "GET", bearer, "", 400, "sub \\\"\\\": it must be of the form repo:OWNER/REPOSITORY"},
		{"no repository", "GET", bearer, "sub=repo:acme:ref:refs/heads/main", 400, "must be of the form"},
		{"unknown claim", "GET", bearer, good + "&colour=red", 400, "does not model the claim \\\"colour\\\""},
		{"no duration", "GET", bearer, good + "&exp=soon", 400, "exp \\\"soon\\\": it must be a duration"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := ask(s, test.method, test.authorization, test.query)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, test.status, test.want)
			}
			for _, secret := range []string{s.RequestToken(), other.RequestToken()} {
				if strings.Contains(w.Body.String(), secret) {
					t.Errorf("the answer shows a request token: %s", w.Body)
				}
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	one, two := github.New(clock.Clock{}), github.New(clock.Clock{})
	w := ask(one, http.MethodGet, "Bearer "+one.RequestToken(), "sub=repo:acme/app:pull_request")
	var answer struct{ Value string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	token, _, err := jwt.NewParser().ParseUnverified(answer.Value, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	id := token.Header["kid"].(string)
	if one.Key(id) == nil || one.Key("") != nil || two.Key(id) != nil {
		t.Error("a provider has keys of others, or not its own")
	}
	if one.RequestToken() == two.RequestToken() || slices.Contains([]string{id, ""}, one.RequestToken()) {
		t.Error("request tokens aren't made for each provider")
	}
}
