package secretsmanager

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

const secretsPerPage = 100

// DescribeSecret shows a secret without its values.
func (s *Service) DescribeSecret(ctx context.Context, in *DescribeSecretInput) (*DescribeSecretOutput, error) {
	x, err := s.open(ctx, "DescribeSecret", aws.ToString(in.SecretId))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &DescribeSecretOutput{
		ARN: &x.arn, Name: &x.name, Description: x.description, CreatedDate: &x.created, LastChangedDate: &x.changed,
		LastAccessedDate: given(x.accessed), DeletedDate: given(x.deleted), Tags: x.tagList(), VersionIdsToStages: x.stages(),
	}, nil
}

// stages are the versions that have stages, by id.
func (x *secret) stages() map[string][]string {
	m := map[string][]string{}
	for _, v := range x.versions {
		if len(v.stages) > 0 {
			m[v.id] = slices.Clone(v.stages)
		}
	}
	return m
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// ListSecrets lists the secrets of the caller's account.
func (s *Service) ListSecrets(ctx context.Context, in *ListSecretsInput) (*ListSecretsOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "secretsmanager:ListSecrets", "*"); err != nil {
		return nil, err
	}
	for _, f := range in.Filters {
		if !slices.Contains([]string{"name", "description", "tag-key", "tag-value"}, f.Key) {
			return nil, wire.NotModelled("the filter %s of secrets", f.Key)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(s.secrets), func(x *secret) bool {
		return x.account != iam.Caller(ctx).Account || !x.deleted.IsZero() && !aws.ToBool(in.IncludePlannedDeletion) || !x.passes(in.Filters)
	})
	if in.SortOrder != "asc" {
		slices.Reverse(all)
	}
	list := page.List[*secret]{Name: "ListSecrets " + in.SortOrder, Key: func(x *secret) string { return x.arn }, Max: secretsPerPage}
	some, next, err := list.Cut(all, in.MaxResults, in.NextToken)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value between 1 and 100")
	case err != nil:
		return nil, wire.Errorf("InvalidNextTokenException", "The NextToken value is invalid.")
	}
	out := &ListSecretsOutput{NextToken: next}
	for _, x := range some {
		out.SecretList = append(out.SecretList, SecretListEntry{
			ARN: &x.arn, Name: &x.name, Description: x.description, CreatedDate: &x.created, LastChangedDate: &x.changed,
			LastAccessedDate: given(x.accessed), DeletedDate: given(x.deleted), Tags: x.tagList(), SecretVersionsToStages: x.stages(),
		})
	}
	return out, nil
}

// passes reports whether a secret passes all filters: values are beginnings, and
// one with ! before it must not be.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html
func (x *secret) passes(filters []Filter) bool {
	for _, f := range filters {
		var have []string
		switch f.Key {
		case "name":
			have = []string{x.name}
		case "description":
			have = []string{aws.ToString(x.description)}
		case "tag-key":
			have = slices.Collect(maps.Keys(x.tags))
		case "tag-value":
			have = slices.Collect(maps.Values(x.tags))
		}
		if !slices.ContainsFunc(f.Values, func(want string) bool { return begins(have, want) }) {
			return false
		}
	}
	return true
}

func begins(have []string, want string) bool {
	beginning, not := strings.CutPrefix(want, "!")
	found := slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, beginning) })
	return found != not
}

// Inventory adds what the caller's account has, but for what is marked for deletion.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.secrets {
		if x.account == iam.Caller(ctx).Account && x.deleted.IsZero() {
			add("secretsmanager:secret", x.name)
		}
	}
	return nil
}
