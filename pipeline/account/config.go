package account

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

// Options say whose account to ask, and where.
type Options struct {
	// Credentials are Credentials, or any provider of the SDK; nil means the SDK's
	// default chain: environment, profile, SSO, container, instance.
	Credentials aws.CredentialsProvider
	// Region, e.g. "eu-west-1"; empty means AWS_REGION or the profile's.
	Region string
	// Endpoint is one URL for all services, as the sandbox has it; empty means
	// AWS_ENDPOINT_URL or else AWS itself.
	Endpoint string
	// HTTPClient replaces the SDK's; nil keeps it.
	HTTPClient aws.HTTPClient
}

// Config returns a configuration to make AWS clients of. Errors of those
// clients are explained (see Explain). It fails, with a Hint, when no region is
// known, the endpoint is no URL, or the credentials have expired already; it
// asks nothing over the network for it.
func Config(ctx context.Context, options Options) (aws.Config, error) {
	cfg, err := load(ctx, options)
	if err == nil && cfg.Region == "" {
		return aws.Config{}, &Error{line: "no AWS region is set", hint: "name one, or set AWS_REGION, e.g. AWS_REGION=eu-west-1"}
	}
	return cfg, err
}

// load is Config for what may do without a region.
func load(ctx context.Context, options Options) (aws.Config, error) {
	if err := checkEndpoint(options.Endpoint); err != nil {
		return aws.Config{}, err
	}
	settings := []func(*config.LoadOptions) error{
		config.WithRetryer(newRetryer),
		config.WithLogger(logging.Nop{}), // its warnings would go to stderr by themselves
	}
	if options.Region != "" {
		settings = append(settings, config.WithRegion(options.Region))
	}
	if options.Credentials != nil {
		if c, ours := options.Credentials.(Credentials); ours {
			if _, err := c.Retrieve(ctx); err != nil {
				return aws.Config{}, err
			}
		}
		settings = append(settings, config.WithCredentialsProvider(options.Credentials))
	}
	if options.HTTPClient != nil {
		settings = append(settings, config.WithHTTPClient(options.HTTPClient))
	}
	cfg, err := config.LoadDefaultConfig(ctx, settings...)
	if err != nil {
		return aws.Config{}, &Error{line: fmt.Sprintf("loading the AWS configuration: %v", err), err: err,
			hint: "see what the SDK would use: aws configure list"}
	}
	if options.Endpoint != "" {
		cfg.BaseEndpoint = aws.String(options.Endpoint)
		// Without them no AWS_ENDPOINT_URL_<SERVICE> gets in before the endpoint asked for.
		cfg.ConfigSources = nil
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = awshttp.NewBuildableClient() // as each of the SDK's clients would do
	}
	cfg.HTTPClient = patientBody{cfg.HTTPClient}
	cfg.APIOptions = append(cfg.APIOptions, explainErrors)
	return cfg, nil
}

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return &Error{line: fmt.Sprintf("endpoint %q is not a URL", endpoint), hint: "write it as http://127.0.0.1:4566"}
	}
	return nil
}

// attempts is how often a request is made in all. AWS's own default of three
// gives up within a second or two of throttling.
const attempts = 6

// newRetryer returns the SDK's standard retryer but for three things: it has no
// quota that a long watch could use up, and it does not repeat what can't get
// better: a limit that is reached, and an endpoint where nobody listens.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.RateLimiter = ratelimit.None
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(hopeless)}, o.Retryables...)
	})
}

// hopeless says no to errors that repetition can't mend, and nothing to others.
func hopeless(err error) aws.Ternary {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "LimitExceededException" {
		return aws.FalseTernary
	}
	var dns *net.DNSError
	if errors.Is(err, syscall.ECONNREFUSED) || (errors.As(err, &dns) && dns.IsNotFound) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

var (
	roleARN     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):role/[!-~]+$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

// RoleARN returns the ARN of a role of an account, named without a path.
func RoleARN(account, role string) string { return "arn:aws:iam::" + account + ":role/" + role }

// OrganizationRole is the role that AWS Organizations makes in the accounts it
// creates, for the management account.
const OrganizationRole = "OrganizationAccountAccessRole"

// AssumeRole returns cfg as a role of another account (see RoleARN). The
// credentials are asked for when first needed, kept, and renewed five minutes
// before they end. session names the session in the other account's logs: 2 to
// 64 letters, digits or any of "_+=,.@-".
func AssumeRole(cfg aws.Config, role, session string) (aws.Config, error) {
	if !roleARN.MatchString(role) {
		return aws.Config{}, &Error{line: fmt.Sprintf("%q is not the ARN of a role", role),
			hint: "write it as " + RoleARN("123456789012", OrganizationRole)}
	}
	if !sessionName.MatchString(session) {
		return aws.Config{}, &Error{line: fmt.Sprintf("session name %q has not 2 to 64 letters, digits or any of \"_+=,.@-\"", session)}
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = session
	})
	assumed := cfg.Copy()
	assumed.Credentials = aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) {
		o.ExpiryWindow = 5 * time.Minute
	})
	return assumed, nil
}
