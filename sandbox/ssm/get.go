package ssm

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// The most that a request names, and that a page by path has.
const (
	namesPerRequest = 10
	pathsPerPage    = 10
)

// GetParameter returns a parameter with its value.
func (s *Service) GetParameter(ctx context.Context, in *GetParameterInput) (*GetParameterOutput, error) {
	asked, err := s.asked(ctx, aws.ToString(in.Name))
	if err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, "GetParameter", asked.name); err != nil {
		return nil, err
	}
	p, err := s.get(ctx, asked, aws.ToBool(in.WithDecryption))
	if err != nil {
		return nil, err
	}
	return &GetParameterOutput{Parameter: p}, nil
}

// GetParameters returns those of some parameters that there are.
func (s *Service) GetParameters(ctx context.Context, in *GetParametersInput) (*GetParametersOutput, error) {
	if n := len(in.Names); n > namesPerRequest {
		return nil, tooMany(n)
	}
	out := &GetParametersOutput{}
	for _, name := range in.Names {
		asked, err := s.asked(ctx, name)
		if err != nil {
			return nil, err
		}
		if err := s.authorize(ctx, "GetParameters", asked.name); err != nil {
			return nil, err
		}
		if p, err := s.get(ctx, asked, aws.ToBool(in.WithDecryption)); err == nil {
			out.Parameters = append(out.Parameters, *p)
		} else {
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
	}
	return out, nil
}

func tooMany(n int) error {
	return invalid("1 validation error detected: Value of %d members at 'names' failed to satisfy constraint: Member must have length less than or equal to 10", n)
}

// selection is a parameter as a request names it.
type selection struct {
	name     string
	selector string // ":3", "" for the newest version
	number   int64  // 0 is the newest
}

// asked takes a name apart: it may be an ARN and end with a version.
func (s *Service) asked(ctx context.Context, text string) (selection, error) {
	name := s.local(ctx, text)
	if strings.HasPrefix(name, "/aws/") {
		return selection{}, wire.NotModelled("public parameters and references to secrets (%s)", text)
	}
	name, selector, selects := strings.Cut(name, ":")
	if !selects {
		return selection{name: name}, nil
	}
	number, err := strconv.ParseInt(selector, 10, 64)
	if err != nil || number < 1 {
		return selection{}, wire.NotModelled("labels of parameters (%s)", text)
	}
	return selection{name: name, selector: ":" + selector, number: number}, nil
}

// local turns the ARN of a parameter of the caller's account into its name.
func (s *Service) local(ctx context.Context, text string) string {
	rest, isARN := strings.CutPrefix(text, s.arn(ctx, ""))
	if !isARN {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	plain, _, _ := strings.Cut(rest, ":")
	if s.find(ctx, plain) != nil {
		return rest
	}
	return "/" + rest
}

func (s *Service) get(ctx context.Context, asked selection, decrypt bool) (*Parameter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(ctx, asked.name)
	if p == nil {
		return nil, notFound()
	}
	v := p.latest()
	if asked.number > 0 {
		i := slices.IndexFunc(p.versions, func(v *version) bool { return v.number == asked.number })
		if i < 0 {
			return nil, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %d of %s. Verify the version and try again.", asked.number, asked.name)
		}
		v = p.versions[i]
	}
	shown := s.shown(ctx, p, v, decrypt)
	if asked.selector != "" {
		shown.Selector = &asked.selector
	}
	return &shown, nil
}

func (s *Service) shown(ctx context.Context, p *parameter, v *version, decrypt bool) Parameter {
	return Parameter{
		ARN: aws.String(s.arn(ctx, p.name)), DataType: aws.String("text"), LastModifiedDate: &v.at, Name: &p.name, Type: p.kind,
		Value: aws.String(v.text(decrypt)), Version: v.number,
	}
}

// text is the value as a request sees it.
func (v *version) text(decrypt bool) string {
	if v.sealed != "" && !decrypt {
		return v.sealed
	}
	return v.value
}

// GetParametersByPath returns the parameters below a path: of the next level, or of all.
func (s *Service) GetParametersByPath(ctx context.Context, in *GetParametersByPathInput) (*GetParametersByPathOutput, error) {
	path := aws.ToString(in.Path)
	if err := s.authorize(ctx, "GetParametersByPath", path); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(path, "/") {
		return nil, invalid(`The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can't be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.`)
	}
	for _, f := range in.ParameterFilters {
		if aws.ToString(f.Key) != "Type" {
			return nil, wire.NotModelled("the filter %s of GetParametersByPath", aws.ToString(f.Key))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.filtered(ctx, in.ParameterFilters)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p *parameter) bool { return !below(p.name, path, aws.ToBool(in.Recursive)) })
	some, next, err := pages("GetParametersByPath "+path, pathsPerPage).Cut(all, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, pageError(err)
	}
	out := &GetParametersByPathOutput{NextToken: next}
	for _, p := range some {
		out.Parameters = append(out.Parameters, s.shown(ctx, p, p.latest(), aws.ToBool(in.WithDecryption)))
	}
	return out, nil
}

// below reports whether a name is in a path, on its next level or, with deep, on any.
func below(name, path string, deep bool) bool {
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	return ok && (deep || !strings.Contains(rest, "/"))
}

func pages(name string, most int) page.List[*parameter] {
	return page.List[*parameter]{Name: name, Key: func(p *parameter) string { return p.name }, Max: most}
}

func pageError(err error) error {
	if errors.Is(err, page.ErrSize) {
		return invalid("1 validation error detected: Value at 'maxResults' failed to satisfy constraint: the size of a page is out of range")
	}
	return wire.Errorf("InvalidNextToken", "The specified token isn't valid.")
}

// all returns the parameters of the caller's account by name. Call it with s.mu held.
func (s *Service) all(ctx context.Context) []*parameter {
	var all []*parameter
	for k, p := range s.parameters {
		if k.account == iam.Caller(ctx).Account {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *parameter) int { return strings.Compare(a.name, b.name) })
	return all
}
