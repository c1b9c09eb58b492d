// Package account turns credentials into AWS configurations, one per account:
// whose they are, where to ask, how often to try again.
//
// Every AWS client of the pipeline is made from a configuration of this
// package. Credentials enter as the JSON of AWS's credential_process format, or
// by the SDK's default chain, and leave by [Export] alone: they print as
// "redacted", and no error holds any part of them.
package account

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Credentials are what AWS's credential_process format holds:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
// They print as "redacted" in every way, also inside another struct.
type Credentials struct {
	// A function, so that fmt prints an address even where it can't call methods,
	// in an unexported field of another struct: what a pointer points to it would
	// print, for a verb like %s.
	reveal func() aws.Credentials
}

// exportHint is how to get credentials in the one form that is taken.
const exportHint = "log in (e.g. aws sso login) and hand over what this prints: aws configure export-credentials --format process"

// ParseCredentials reads the JSON that `aws configure export-credentials
// --format process` prints, whatever they come from: SSO, a profile, OIDC,
// CodeBuild. An error names what is wrong without quoting any value; it has a
// Hint.
func ParseCredentials(source []byte) (Credentials, error) {
	if strings.TrimSpace(string(source)) == "" {
		return Credentials{}, &Error{line: "no credentials were given", hint: exportHint}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(source, &fields); err != nil {
		return Credentials{}, malformed("they are not a JSON object")
	}
	if _, nested := fields["Credentials"]; nested && fields["Version"] == nil {
		return Credentials{}, malformed(`they are the answer of an STS operation, which has its values one level down`)
	}
	r := &reader{fields: fields}
	c := &aws.Credentials{
		AccessKeyID:     r.text("AccessKeyId", true),
		SecretAccessKey: r.text("SecretAccessKey", true),
		SessionToken:    r.text("SessionToken", false),
		AccountID:       r.text("AccountId", false),
		Source:          "credential_process JSON",
	}
	r.version()
	r.expiration(c)
	if len(r.faults) > 0 {
		return Credentials{}, malformed(strings.Join(r.faults, ", "))
	}
	return Credentials{reveal: func() aws.Credentials { return *c }}, nil
}

func malformed(why string) error {
	return &Error{line: "reading credentials: " + why, hint: exportHint}
}

// reader gathers the faults of a document, naming members and never values.
type reader struct {
	fields map[string]json.RawMessage
	faults []string
}

func (r *reader) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *reader) text(name string, needed bool) string {
	raw, ok := r.fields[name]
	var text string
	switch {
	case ok && string(raw) != "null":
		if json.Unmarshal(raw, &text) != nil {
			r.fault("%s is not a string", name)
			return ""
		}
		if needed && text == "" {
			r.fault("%s is empty", name)
		}
	case needed:
		r.fault("%s is missing", name)
	}
	return text
}

func (r *reader) version() {
	raw, ok := r.fields["Version"]
	var version int
	switch {
	case !ok:
		r.fault("Version is missing (it must be 1)")
	case json.Unmarshal(raw, &version) != nil || version != 1:
		r.fault("Version is not 1")
	}
}

func (r *reader) expiration(c *aws.Credentials) {
	text := r.text("Expiration", false)
	if text == "" {
		return
	}
	expires, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.fault("Expiration is not a time as in 2026-01-02T15:04:05Z")
		return
	}
	c.CanExpire, c.Expires = true, expires
}

// Retrieve hands the credentials to an AWS client. It fails, with a Hint, when
// they have expired.
func (c Credentials) Retrieve(context.Context) (aws.Credentials, error) {
	if c.reveal == nil {
		return aws.Credentials{}, &Error{line: "no credentials were given", hint: exportHint}
	}
	secret := c.reveal()
	if secret.Expired() {
		return aws.Credentials{}, expired(secret.Expires)
	}
	return secret, nil
}

// Expires returns when the credentials end; false when they do not.
func (c Credentials) Expires() (time.Time, bool) {
	if c.reveal == nil {
		return time.Time{}, false
	}
	secret := c.reveal()
	return secret.Expires, secret.CanExpire
}

func expired(at time.Time) error {
	return &Error{
		line: fmt.Sprintf("the credentials expired at %s", at.UTC().Format(time.RFC3339)),
		hint: exportHint, expired: true,
	}
}

const redacted = "redacted"

// Format prints "redacted", whatever the verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String returns "redacted".
func (c Credentials) String() string { return redacted }

// MarshalJSON returns "redacted" in quotes.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// LogValue returns "redacted".
func (c Credentials) LogValue() slog.Value { return slog.StringValue(redacted) }
