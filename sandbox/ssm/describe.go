package ssm

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

const describedPerPage = 50

// DescribeParameters lists parameters without their values.
func (s *Service) DescribeParameters(ctx context.Context, in *DescribeParametersInput) (*DescribeParametersOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ssm:DescribeParameters", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.filtered(ctx, in.ParameterFilters)
	if err != nil {
		return nil, err
	}
	some, next, err := pages("DescribeParameters", describedPerPage).Cut(all, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, pageError(err)
	}
	out := &DescribeParametersOutput{NextToken: next}
	for _, p := range some {
		v := p.latest()
		out.Parameters = append(out.Parameters, ParameterMetadata{
			ARN: aws.String(s.arn(ctx, p.name)), AllowedPattern: v.pattern, DataType: aws.String("text"), Description: v.description, KeyId: p.key(),
			LastModifiedDate: &v.at, LastModifiedUser: &v.by, Name: &p.name, Tier: v.tier, Type: p.kind, Version: v.number,
		})
	}
	return out, nil
}

// key is the key that a SecureString is encrypted with.
func (p *parameter) key() *string {
	if p.kind != secureType {
		return nil
	}
	return aws.String(managedKey)
}

// filtered returns the caller's parameters that pass all filters. Call it with s.mu held.
func (s *Service) filtered(ctx context.Context, filters []ParameterStringFilter) ([]*parameter, error) {
	all := s.all(ctx)
	for _, f := range filters {
		passes, err := f.test()
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(p *parameter) bool { return !passes(p) })
	}
	return all, nil
}

// test returns what a filter asks of a parameter.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
func (f ParameterStringFilter) test() (func(*parameter) bool, error) {
	key, option := aws.ToString(f.Key), aws.ToString(f.Option)
	some := func(holds func(value string) bool) bool { return slices.ContainsFunc(f.Values, holds) }
	equal := option == "" || option == "Equals"
	tag, isTag := strings.CutPrefix(key, "tag:")
	switch {
	case key == "Name" && oneOf(option, "BeginsWith Contains") || key == "Name" && equal:
		match := map[string]func(s, part string) bool{"BeginsWith": strings.HasPrefix, "Contains": strings.Contains}[option]
		if match == nil {
			match = func(a, b string) bool { return a == b }
		}
		return func(p *parameter) bool { return some(func(v string) bool { return match(p.name, v) }) }, nil
	case key == "Type" && equal:
		return func(p *parameter) bool { return slices.Contains(f.Values, p.kind) }, nil
	case key == "Tier" && equal:
		return func(p *parameter) bool { return slices.Contains(f.Values, p.latest().tier) }, nil
	case key == "Path" && oneOf(option, "Recursive OneLevel"):
		return func(p *parameter) bool {
			return some(func(v string) bool { return below(p.name, v, option == "Recursive") })
		}, nil
	case isTag && equal:
		return func(p *parameter) bool {
			value, there := p.tags[tag]
			return there && (len(f.Values) == 0 || slices.Contains(f.Values, value))
		}, nil
	}
	return nil, wire.NotModelled("the filter %s %s of parameters", key, option)
}

// GetParameterHistory lists the versions of a parameter.
func (s *Service) GetParameterHistory(ctx context.Context, in *GetParameterHistoryInput) (*GetParameterHistoryOutput, error) {
	name := s.local(ctx, aws.ToString(in.Name))
	if err := s.authorize(ctx, "GetParameterHistory", name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(ctx, name)
	if p == nil {
		return nil, notFound()
	}
	some, next, err := page.List[*version]{Name: "GetParameterHistory " + name, Max: describedPerPage}.Cut(p.versions, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, pageError(err)
	}
	out := &GetParameterHistoryOutput{NextToken: next}
	for _, v := range some {
		out.Parameters = append(out.Parameters, ParameterHistory{
			AllowedPattern: v.pattern, DataType: aws.String("text"), Description: v.description, KeyId: p.key(), LastModifiedDate: &v.at,
			LastModifiedUser: &v.by, Name: &p.name, Tier: v.tier, Type: p.kind, Value: aws.String(v.text(aws.ToBool(in.WithDecryption))), Version: v.number,
		})
	}
	return out, nil
}
