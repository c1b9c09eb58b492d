package iam

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"orgship/sandbox/wire"
)

// CreateOpenIDConnectProviderInput is what CreateOpenIDConnectProvider takes.
type CreateOpenIDConnectProviderInput struct {
	ClientIDList   []string // audiences, 100 at most
	Tags           []Tag
	ThumbprintList []string // 5 at most, each 40 hexadecimal digits
	Url            *string
}

// CreateOpenIDConnectProviderOutput is what CreateOpenIDConnectProvider answers.
type CreateOpenIDConnectProviderOutput struct {
	OpenIDConnectProviderArn *string
	Tags                     []Tag
}

// GetOpenIDConnectProviderInput names a provider.
type GetOpenIDConnectProviderInput struct{ OpenIDConnectProviderArn *string }

// GetOpenIDConnectProviderOutput shows it.
type GetOpenIDConnectProviderOutput struct {
	ClientIDList   []string
	CreateDate     *time.Time
	Tags           []Tag // by key
	ThumbprintList []string
	Url            *string // without "https://"
}

// ListOpenIDConnectProvidersInput is empty.
type ListOpenIDConnectProvidersInput struct{}

// ListOpenIDConnectProvidersOutput lists the account's providers.
type ListOpenIDConnectProvidersOutput struct {
	OpenIDConnectProviderList []OpenIDConnectProviderListEntry
}

// OpenIDConnectProviderListEntry names a provider.
type OpenIDConnectProviderListEntry struct{ Arn *string }

// DeleteOpenIDConnectProviderInput names a provider.
type DeleteOpenIDConnectProviderInput struct{ OpenIDConnectProviderArn *string }

// DeleteOpenIDConnectProviderOutput is empty.
type DeleteOpenIDConnectProviderOutput struct{}

// AddClientIDToOpenIDConnectProviderInput adds an audience.
type AddClientIDToOpenIDConnectProviderInput struct{ ClientID, OpenIDConnectProviderArn *string }

// AddClientIDToOpenIDConnectProviderOutput is empty.
type AddClientIDToOpenIDConnectProviderOutput struct{}

// RemoveClientIDFromOpenIDConnectProviderInput removes an audience.
type RemoveClientIDFromOpenIDConnectProviderInput struct{ ClientID, OpenIDConnectProviderArn *string }

// RemoveClientIDFromOpenIDConnectProviderOutput is empty.
type RemoveClientIDFromOpenIDConnectProviderOutput struct{}

// UpdateOpenIDConnectProviderThumbprintInput replaces the thumbprints.
type UpdateOpenIDConnectProviderThumbprintInput struct {
	OpenIDConnectProviderArn *string
	ThumbprintList           []string
}

// UpdateOpenIDConnectProviderThumbprintOutput is empty.
type UpdateOpenIDConnectProviderThumbprintOutput struct{}

// TagOpenIDConnectProviderInput adds tags, or changes their values.
type TagOpenIDConnectProviderInput struct {
	OpenIDConnectProviderArn *string
	Tags                     []Tag
}

// TagOpenIDConnectProviderOutput is empty.
type TagOpenIDConnectProviderOutput struct{}

// UntagOpenIDConnectProviderInput removes tags.
type UntagOpenIDConnectProviderInput struct {
	OpenIDConnectProviderArn *string
	TagKeys                  []string
}

// UntagOpenIDConnectProviderOutput is empty.
type UntagOpenIDConnectProviderOutput struct{}

// provider is an OpenID Connect provider whose tokens an account takes.
type provider struct {
	account     string
	issuer      string // its URL without "https://"
	clientIDs   []string
	thumbprints []string
	created     time.Time
	tags        []Tag
}

// The limits of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	maxProviders   = 100
	maxClientIDs   = 100
	maxThumbprints = 5
)

func (p *provider) arn() string { return ProviderARN(p.account, "https://"+p.issuer) }

// ProviderARN returns the ARN of an account's OpenID Connect provider with a URL.
func ProviderARN(account, url string) string {
	return "arn:aws:iam::" + account + ":oidc-provider/" + issuer(url)
}

// issuer is a provider's URL as its ARN and its condition keys have it. A slash
// alone is no path.
func issuer(url string) string {
	name := strings.TrimPrefix(url, "https://")
	if host, path, _ := strings.Cut(name, "/"); path == "" {
		return host
	}
	return name
}

// CreateOpenIDConnectProvider makes the caller's account take a provider's tokens:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
//
// Assumption A101: without thumbprints IAM fetches one from the URL, which the
// sandbox doesn't reach; here the list stays empty. AWS doesn't use GitHub's.
func (s *Service) CreateOpenIDConnectProvider(ctx context.Context, in *CreateOpenIDConnectProviderInput) (*CreateOpenIDConnectProviderOutput, error) {
	p := &provider{
		account: Caller(ctx).Account, issuer: issuer(value(in.Url)), created: s.config.Clock.Now().UTC().Truncate(time.Second),
	}
	if err := s.Authorize(ctx, "iam:CreateOpenIDConnectProvider", p.arn()); err != nil {
		return nil, err
	}
	if err := checkProviderURL(value(in.Url)); err != nil {
		return nil, err
	}
	if err := p.setThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	for _, id := range in.ClientIDList {
		if err := p.addClientID(id); err != nil {
			return nil, err
		}
	}
	if err := p.tag(in.Tags); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.account(p.account).addProvider(p, value(in.Url)); err != nil {
		return nil, err
	}
	arn := p.arn()
	return &CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: &arn, Tags: slices.Clone(p.tags)}, nil
}

func (a *account) addProvider(p *provider, url string) error {
	switch {
	case a.providers[p.issuer] != nil:
		return &wire.Error{
			Code:    "EntityAlreadyExists",
			Message: "Provider with url " + url + " already exists.",
			Status:  http.StatusConflict,
		}
	case len(a.providers) >= maxProviders:
		return quota("OpenIdConnectProvidersPerAccount", maxProviders)
	}
	a.providers[p.issuer] = p
	return nil
}

// checkProviderURL wants https, a host without a port, and nothing but a path.
func checkProviderURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || len(text) > 255 || u.Scheme != "https" || u.Host == "" || u.Port() != "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		// Assumption A102: the words for this and for numbers above the limits.
		return wire.Errorf("ValidationError", "Invalid Open ID Connect Provider URL")
	}
	return nil
}

func quota(name string, limit int) error {
	e := wire.Errorf("LimitExceeded", "Cannot exceed quota for %s: %d", name, limit)
	e.Status = http.StatusConflict
	return e
}

func (p *provider) setThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return wire.Errorf("InvalidInput", "Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	for _, t := range list {
		if len(t) != 40 {
			return wire.Errorf("ValidationError", "1 validation error detected: Value '[%s]' at 'thumbprintList' failed to satisfy constraint: "+
				"Member must satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater than or equal to 40]",
				strings.Join(list, ", "))
		}
	}
	p.thumbprints = slices.Clone(list)
	return nil
}

// addClientID adds an audience; one that is there already is no error.
func (p *provider) addClientID(id string) error {
	switch {
	case id == "" || len(id) > 255:
		return wire.Errorf("ValidationError", "1 validation error detected: Value '%s' at 'clientID' failed to satisfy constraint: "+
			"Member must have length between 1 and 255", id)
	case slices.Contains(p.clientIDs, id):
		return nil
	case len(p.clientIDs) >= maxClientIDs:
		return quota("ClientIdsPerOpenIdConnectProvider", maxClientIDs)
	}
	p.clientIDs = append(p.clientIDs, id)
	return nil
}

func (p *provider) tag(fresh []Tag) error {
	tags, err := mergeTags(p.tags, fresh)
	if err != nil {
		return err
	}
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(*a.Key, *b.Key) })
	p.tags = tags
	return nil
}

// GetOpenIDConnectProvider shows a provider.
func (s *Service) GetOpenIDConnectProvider(ctx context.Context, in *GetOpenIDConnectProviderInput) (*GetOpenIDConnectProviderOutput, error) {
	out := &GetOpenIDConnectProviderOutput{}
	err := s.withProvider(ctx, "iam:GetOpenIDConnectProvider", in.OpenIDConnectProviderArn, func(p *provider) error {
		created, name := p.created, p.issuer
		out.CreateDate, out.Url = &created, &name
		out.ClientIDList, out.ThumbprintList, out.Tags = slices.Clone(p.clientIDs), slices.Clone(p.thumbprints), slices.Clone(p.tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListOpenIDConnectProviders lists the providers of the caller's account, by ARN.
func (s *Service) ListOpenIDConnectProviders(ctx context.Context, _ *ListOpenIDConnectProvidersInput) (*ListOpenIDConnectProvidersOutput, error) {
	account := Caller(ctx).Account
	if err := s.Authorize(ctx, "iam:ListOpenIDConnectProviders", ProviderARN(account, "*")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &ListOpenIDConnectProvidersOutput{}
	for _, p := range s.account(account).providers {
		arn := p.arn()
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, OpenIDConnectProviderListEntry{Arn: &arn})
	}
	slices.SortFunc(out.OpenIDConnectProviderList, func(a, b OpenIDConnectProviderListEntry) int { return strings.Compare(*a.Arn, *b.Arn) })
	return out, nil
}

// DeleteOpenIDConnectProvider removes a provider; one that is not there is no error.
func (s *Service) DeleteOpenIDConnectProvider(ctx context.Context, in *DeleteOpenIDConnectProviderInput) (*DeleteOpenIDConnectProviderOutput, error) {
	arn := value(in.OpenIDConnectProviderArn)
	if err := s.Authorize(ctx, "iam:DeleteOpenIDConnectProvider", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.account(Caller(ctx).Account).provider(arn); p != nil {
		delete(s.account(p.account).providers, p.issuer)
	}
	return &DeleteOpenIDConnectProviderOutput{}, nil
}

// AddClientIDToOpenIDConnectProvider adds an audience.
func (s *Service) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *AddClientIDToOpenIDConnectProviderInput) (*AddClientIDToOpenIDConnectProviderOutput, error) {
	return &AddClientIDToOpenIDConnectProviderOutput{}, s.withProvider(ctx, "iam:AddClientIDToOpenIDConnectProvider", in.OpenIDConnectProviderArn,
		func(p *provider) error { return p.addClientID(value(in.ClientID)) })
}

// RemoveClientIDFromOpenIDConnectProvider removes an audience; one that is not
// there is no error.
func (s *Service) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *RemoveClientIDFromOpenIDConnectProviderInput) (*RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	return &RemoveClientIDFromOpenIDConnectProviderOutput{}, s.withProvider(ctx, "iam:RemoveClientIDFromOpenIDConnectProvider", in.OpenIDConnectProviderArn,
		func(p *provider) error {
			p.clientIDs = slices.DeleteFunc(p.clientIDs, func(id string) bool { return id == value(in.ClientID) })
			return nil
		})
}

// UpdateOpenIDConnectProviderThumbprint replaces the thumbprints.
func (s *Service) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *UpdateOpenIDConnectProviderThumbprintInput) (*UpdateOpenIDConnectProviderThumbprintOutput, error) {
	return &UpdateOpenIDConnectProviderThumbprintOutput{}, s.withProvider(ctx, "iam:UpdateOpenIDConnectProviderThumbprint", in.OpenIDConnectProviderArn,
		func(p *provider) error { return p.setThumbprints(in.ThumbprintList) })
}

// TagOpenIDConnectProvider adds tags to a provider, or changes their values.
func (s *Service) TagOpenIDConnectProvider(ctx context.Context, in *TagOpenIDConnectProviderInput) (*TagOpenIDConnectProviderOutput, error) {
	return &TagOpenIDConnectProviderOutput{}, s.withProvider(ctx, "iam:TagOpenIDConnectProvider", in.OpenIDConnectProviderArn,
		func(p *provider) error { return p.tag(in.Tags) })
}

// UntagOpenIDConnectProvider removes tags; a key that is not there is no error.
func (s *Service) UntagOpenIDConnectProvider(ctx context.Context, in *UntagOpenIDConnectProviderInput) (*UntagOpenIDConnectProviderOutput, error) {
	return &UntagOpenIDConnectProviderOutput{}, s.withProvider(ctx, "iam:UntagOpenIDConnectProvider", in.OpenIDConnectProviderArn,
		func(p *provider) error {
			p.tags = removeTags(p.tags, in.TagKeys)
			return nil
		})
}

// withProvider authorizes an action on a provider of the caller's account and runs
// f on it under the mutex; NoSuchEntity when there is no such provider.
func (s *Service) withProvider(ctx context.Context, action string, arn *string, f func(*provider) error) error {
	if err := s.Authorize(ctx, action, value(arn)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.account(Caller(ctx).Account).provider(value(arn))
	if p == nil {
		return noSuchEntity("OpenIDConnect Provider not found for arn " + value(arn))
	}
	return f(p)
}

// provider returns the provider with exactly that ARN, or nil.
func (a *account) provider(arn string) *provider {
	_, name, _ := strings.Cut(arn, ":oidc-provider/")
	if p := a.providers[name]; p != nil && p.arn() == arn {
		return p
	}
	return nil
}
