package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Default are the credentials that the SDK's default chain finds for options,
// whose own are not used: environment, profile, SSO, container, instance. No
// region is needed.
func Default(ctx context.Context, options Options) (aws.CredentialsProvider, error) {
	options.Credentials = nil
	cfg, err := load(ctx, options)
	if err != nil {
		return nil, err
	}
	return cfg.Credentials, nil
}

// Export writes credentials in the form that [ParseCredentials] reads, as a line
// for a program that asked for them. It is the only way out for a secret: what it
// returns belongs on the standard output of a credential process and nowhere
// else. An error has a Hint where there is one, and holds no secret.
func Export(ctx context.Context, provider aws.CredentialsProvider) ([]byte, error) {
	c, err := provider.Retrieve(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("getting credentials: %w", brief(err))
	case c.Expired():
		return nil, expired(c.Expires)
	case !c.HasKeys():
		return nil, &Error{line: "no AWS credentials were found", hint: exportHint}
	}
	out := struct {
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string `json:",omitempty"`
		Expiration      string `json:",omitempty"`
		AccountID       string `json:"AccountId,omitempty"`
	}{1, c.AccessKeyID, c.SecretAccessKey, c.SessionToken, "", c.AccountID}
	if c.CanExpire {
		out.Expiration = c.Expires.UTC().Format(time.RFC3339)
	}
	line, err := json.Marshal(out)
	if err != nil {
		return nil, errors.New("getting credentials: they can't be written as JSON")
	}
	return append(line, '\n'), nil
}
