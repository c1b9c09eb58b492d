package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/iam"
)

const (
	actions   = "https://token.actions.githubusercontent.com"
	actionsID = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com"
)

func TestProviderLife(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx, arn := as(t, s, dev, "admin"), ptr(actionsID)
	created, err := s.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: ptr(actions), ClientIDList: []string{"sts.amazonaws.com", "sts.amazonaws.com"},
		Tags: []iam.Tag{{Key: ptr("z"), Value: ptr("1")}, {Key: ptr("a"), Value: ptr("2")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *created.OpenIDConnectProviderArn != actionsID || len(created.Tags) != 2 || *created.Tags[0].Key != "a" {
		t.Errorf("created %+v", created)
	}
	for _, url := range []string{actions, actions + "/"} {
		_, err = s.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url})
		wantError(t, err, "EntityAlreadyExists", 409, "Provider with url "+url+" already exists.")
	}
	if ids, ok := s.Audiences(dev, actions); !ok || len(ids) != 1 {
		t.Errorf("audiences %q, %t", ids, ok)
	}
	if _, ok := s.Audiences(shared, actions); ok {
		t.Error("another account has the provider too")
	}

	thumbprint := strings.Repeat("0a", 20)
	for range 2 {
		must(t)(s.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: ptr("other")}))
		must(t)(s.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: ptr("sts.amazonaws.com")}))
	}
	must(t)(s.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{thumbprint}}))
	must(t)(s.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: []iam.Tag{{Key: ptr("b"), Value: ptr("3")}}}))
	must(t)(s.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: []string{"z", "unknown"}}))
	got, err := s.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	want := &iam.GetOpenIDConnectProviderOutput{
		Url: ptr("token.actions.githubusercontent.com"), ClientIDList: []string{"other"}, ThumbprintList: []string{thumbprint},
		Tags: []iam.Tag{{Key: ptr("a"), Value: ptr("2")}, {Key: ptr("b"), Value: ptr("3")}}, CreateDate: got.CreateDate,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	must(t)(s.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: ptr("https://example.com/issuer/1")}))
	list, err := s.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil || len(list.OpenIDConnectProviderList) != 2 || *list.OpenIDConnectProviderList[0].Arn != "arn:aws:iam::222222222222:oidc-provider/example.com/issuer/1" {
		t.Errorf("list %+v, %v", list, err)
	}
	for range 2 {
		must(t)(s.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))
	}
	_, err = s.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	wantError(t, err, "NoSuchEntity", 404, "OpenIDConnect Provider not found for arn "+actionsID)
}

func TestProviderFaults(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addUser(t, s, dev, "nobody")
	ctx := as(t, s, dev, "admin")
	must(t)(s.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: ptr(actions)}))
	create := func(in iam.CreateOpenIDConnectProviderInput) error {
		if in.Url == nil {
			in.Url = ptr("https://example.com")
		}
		_, err := s.CreateOpenIDConnectProvider(ctx, &in)
		return err
	}
	url := func(url string) error { return create(iam.CreateOpenIDConnectProviderInput{Url: &url}) }
	ids := make([]string, 101)
	for i := range ids {
		ids[i] = fmt.Sprint("client-", i)
	}
	_, denied := s.CreateOpenIDConnectProvider(as(t, s, dev, "nobody"), &iam.CreateOpenIDConnectProviderInput{Url: ptr("https://example.com")})
	_, foreign := s.DeleteOpenIDConnectProvider(as(t, s, shared, "admin"), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: ptr(actionsID)})
	_, missing := s.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: ptr(actionsID + "/x")})
	const badURL = "Invalid Open ID Connect Provider URL"
	for _, test := range []struct {
		name    string
		err     error
		code    string
		status  int
		message string
	}{
		{"http", url("http://example.com"), "ValidationError", 400, badURL},
		{"no scheme", url("example.com"), "ValidationError", 400, badURL},
		{"port", url("https://example.com:8443"), "ValidationError", 400, badURL},
		{"query", url("https://example.com?tenant=1"), "ValidationError", 400, badURL},
		{"long", url("https://example.com/" + strings.Repeat("x", 240)), "ValidationError", 400, badURL},
		{"client ids", create(iam.CreateOpenIDConnectProviderInput{ClientIDList: ids}), "LimitExceeded", 409,
			"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"},
		{"empty client id", create(iam.CreateOpenIDConnectProviderInput{ClientIDList: []string{""}}), "ValidationError", 400, ""},
		{"thumbprints", create(iam.CreateOpenIDConnectProviderInput{ThumbprintList: ids[:6]}), "InvalidInput", 400, ""},
		{"thumbprint", create(iam.CreateOpenIDConnectProviderInput{ThumbprintList: []string{"0a"}}), "ValidationError", 400, ""},
		{"not allowed", denied, "AccessDenied", 403, "User: arn:aws:iam::222222222222:user/nobody is not authorized to perform: iam:CreateOpenIDConnectProvider " +
			"on resource: arn:aws:iam::222222222222:oidc-provider/example.com because no identity-based policy allows the iam:CreateOpenIDConnectProvider action"},
		{"another account's", foreign, "AccessDenied", 403, ""},
		{"missing", missing, "NoSuchEntity", 404, "OpenIDConnect Provider not found for arn " + actionsID + "/x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, test.err, test.code, test.status, test.message)
		})
	}
	if _, ok := s.Audiences(dev, "https://example.com"); ok {
		t.Error("a provider was made that was refused")
	}
}

func TestProviderQuota(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx := as(t, s, dev, "admin")
	for i := range 100 {
		must(t)(s.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: ptr(fmt.Sprint("https://example.com/", i))}))
	}
	_, err := s.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: ptr(actions)})
	wantError(t, err, "LimitExceeded", 409, "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100")
}
