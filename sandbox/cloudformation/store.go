package cloudformation

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/id"
	"orgship/sandbox/secretsmanager"
	"orgship/sandbox/ssm"
	"orgship/sandbox/wire"
)

// Parameters is the Parameter Store as templates use it.
type Parameters interface {
	GetParameters(context.Context, *ssm.GetParametersInput) (*ssm.GetParametersOutput, error)
}

// Secrets is Secrets Manager as templates use it.
type Secrets interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error)
}

// stored gives parameters of a template what the Parameter Store has now. An
// update that uses a previous value uses the name and reads anew.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
//
// Assumption A174: a StringList is taken for one text with commas, and a String for
// a list, as the type of the template's parameter wants it.
func (s *Service) stored(ctx context.Context, values document.Values) (document.Values, error) {
	has, missing, err := s.fetch(ctx, values.Stored())
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, invalid("Unable to fetch parameters %s from parameter store for this account.", brackets(missing))
	}
	return values.WithStored(has), nil
}

// fetch reads parameters by name or name and version, and returns the names of
// those that there aren't. SecureStrings are refused.
func (s *Service) fetch(ctx context.Context, names []string) (has map[string]string, missing []string, err error) {
	has = map[string]string{}
	var secure []string
	for some := range slices.Chunk(names, 10) {
		out, err := s.cfg.Parameters.GetParameters(ctx, &ssm.GetParametersInput{Names: some})
		if err != nil {
			return nil, nil, answered(err, "AWSSimpleSystemsManagement")
		}
		for _, p := range out.Parameters {
			name := aws.ToString(p.Name) + aws.ToString(p.Selector)
			has[name] = aws.ToString(p.Value)
			if p.Type == "SecureString" {
				secure = append(secure, name)
			}
		}
		missing = append(missing, out.InvalidParameters...)
	}
	if len(secure) > 0 {
		return nil, nil, invalid("Parameters %s referenced by template have types not supported by CloudFormation.", brackets(secure))
	}
	return has, missing, nil
}

// answered says what a service answered, as CloudFormation passes it on.
func answered(err error, service string) error {
	var e *wire.Error
	if !errors.As(err, &e) || e.Code == "NotModelled" {
		return err
	}
	code := e.Code
	if code == "AccessDenied" {
		code += "Exception"
	}
	return invalid("%s (Service: %s; Status Code: 400; Error Code: %s; Request ID: %s; Proxy: null)", e.Message, service, code, id.UUID())
}

func brackets(names []string) string { return "[" + strings.Join(names, ", ") + "]" }
