package ssm

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// Types and tiers of parameters.
const (
	stringType   = "String"
	listType     = "StringList"
	secureType   = "SecureString"
	standard     = "Standard"
	advanced     = "Advanced"
	standardSize = 4096 // bytes of a value
	advancedSize = 8192
	maxVersions  = 100
	managedKey   = "alias/aws/ssm"
)

// PutParameter makes a parameter or, with Overwrite, its next version.
func (s *Service) PutParameter(ctx context.Context, in *PutParameterInput) (*PutParameterOutput, error) {
	name := aws.ToString(in.Name)
	if err := s.authorize(ctx, "PutParameter", name); err != nil {
		return nil, err
	}
	if err := checkPut(in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(ctx, name)
	if err := fits(p, in); err != nil {
		return nil, err
	}
	if p == nil {
		p = &parameter{name: name, kind: in.Type, tags: tagMap(in.Tags)}
		s.parameters[key{iam.Caller(ctx).Account, name}] = p
	}
	v := s.next(ctx, p, in)
	p.versions = append(p.versions, v)
	if len(p.versions) > maxVersions {
		p.versions = p.versions[1:]
	}
	return &PutParameterOutput{Version: v.number, Tier: v.tier}, nil
}

// next makes the next version of a parameter.
//
// Assumption A170: a SecureString that isn't decrypted shows random characters,
// other ones for each version; no key is asked.
func (s *Service) next(ctx context.Context, p *parameter, in *PutParameterInput) *version {
	v := &version{
		number: 1, value: *in.Value, description: in.Description, pattern: in.AllowedPattern, tier: in.Tier,
		by: iam.Caller(ctx).ARN, at: s.cfg.Clock.Now().UTC(),
	}
	if v.tier == "" {
		v.tier = standard
	}
	if p.kind == secureType {
		v.sealed = "AQICAH" + id.Of(id.Base32, 120) + "=="
	}
	if len(p.versions) > 0 {
		v.number = p.latest().number + 1
	}
	return v
}

// fits asks whether what is put can be a new parameter, or a version of p.
func fits(p *parameter, in *PutParameterInput) error {
	switch {
	case p == nil && in.Type == "":
		return invalid("A parameter type is required when you create a parameter.")
	case p == nil:
		return nil
	case !aws.ToBool(in.Overwrite):
		return wire.Errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case in.Type != "" && in.Type != p.kind:
		return wire.Errorf("HierarchyTypeMismatchException", "The hierarchy type mismatch: the parameter is a %s and can't become a %s.", p.kind, in.Type)
	case in.Tier == standard && p.latest().tier == advanced:
		return invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier.")
	}
	return nil
}

// checkPut checks what a request says by itself. No message has the value.
func checkPut(put *PutParameterInput) error {
	if err := checkName(aws.ToString(put.Name)); err != nil {
		return err
	}
	switch {
	case put.Type != "" && !oneOf(put.Type, "String StringList SecureString"):
		return invalid("1 validation error detected: Value '%s' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [SecureString, StringList, String]", put.Type)
	case len(put.Tags) > 0 && aws.ToBool(put.Overwrite):
		return invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	case put.DataType != nil && *put.DataType != "text":
		return wire.NotModelled("the data type %s of a parameter", *put.DataType)
	case put.KeyId != nil && *put.KeyId != managedKey:
		return wire.NotModelled("keys of your own for parameters (%s)", *put.KeyId)
	case put.Tier != "" && !oneOf(put.Tier, "Standard Advanced"):
		return wire.NotModelled("the tier %s of parameters", put.Tier)
	}
	return checkValue(put)
}

func checkValue(put *PutParameterInput) error {
	value := *put.Value
	switch {
	case value == "":
		return invalid("1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(value) > advancedSize:
		return invalid("Advanced tier parameters support a maximum parameter value of 8192 characters.")
	case len(value) > standardSize && put.Tier != advanced:
		return invalid("Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html")
	case aws.ToString(put.AllowedPattern) == "":
		return nil
	}
	pattern, err := regexp.Compile(*put.AllowedPattern)
	if err != nil {
		return wire.NotModelled("the allowed pattern %s (%s)", *put.AllowedPattern, err)
	}
	if !pattern.MatchString(value) {
		return wire.Errorf("ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern: %s", *put.AllowedPattern)
	}
	return nil
}

var nameShape = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// checkName: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
func checkName(name string) error {
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(name, "/")), "/")
	switch {
	case strings.HasPrefix(first, "aws"):
		return wire.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case !nameShape.MatchString(name) || strings.HasPrefix(first, "ssm") || strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return invalid(`Parameter name: can't be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_`)
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return invalid("Parameter name must be a fully qualified name.")
	case strings.Count(name, "/") > 15:
		return wire.Errorf("HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of 15 levels.")
	case len(name) > 1011:
		return invalid("Parameter name can't be longer than 1011 characters.")
	}
	return nil
}
