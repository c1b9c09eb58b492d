package wire

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	amzDate   = "20060102T150405Z"
	// skew is how far a client's clock may be off:
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
	skew            = 5 * time.Minute
	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// claim is what a request says about who signed it.
type claim struct {
	accessKey string
	scopeDate string // 20261231
	region    string
	service   string
	token     string
	signature string
	headers   []string // signed headers, small letters
	at        time.Time
	presigned bool
	lifetime  time.Duration // of a presigned request
}

// readClaim reads the Authorization header or, failing that, the parameters of
// a presigned request: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
func readClaim(r *http.Request) (*claim, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		return headerClaim(r, header)
	}
	if query := r.URL.Query(); query.Has("X-Amz-Algorithm") {
		return queryClaim(query)
	}
	return nil, &Error{Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token", Status: 403}
}

func headerClaim(r *http.Request, header string) (*claim, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	if scheme != algorithm {
		return nil, incomplete("Authorization scheme %q is not %s", scheme, algorithm)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	var missing []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			missing = append(missing, "Authorization header requires '"+name+"' parameter.")
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if len(missing) > 0 {
		return nil, incomplete("%s", strings.Join(missing, " "))
	}
	c := &claim{
		token: r.Header.Get("X-Amz-Security-Token"), signature: parts["Signature"],
		headers: strings.Split(strings.ToLower(parts["SignedHeaders"]), ";"),
	}
	return c, c.scope(parts["Credential"], date)
}

func queryClaim(query url.Values) (*claim, error) {
	if got := query.Get("X-Amz-Algorithm"); got != algorithm {
		return nil, incomplete("X-Amz-Algorithm %q is not %s", got, algorithm)
	}
	for _, name := range []string{"X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if query.Get(name) == "" {
			return nil, incomplete("AWS query-string parameters must include '%s'. Re-examine the query-string parameters.", name)
		}
	}
	c := &claim{
		token: query.Get("X-Amz-Security-Token"), signature: query.Get("X-Amz-Signature"),
		headers:   strings.Split(query.Get("X-Amz-SignedHeaders"), ";"),
		presigned: true, lifetime: skew,
	}
	if s := query.Get("X-Amz-Expires"); s != "" {
		seconds, err := strconv.Atoi(s)
		if err != nil || seconds < 1 || seconds > 7*24*60*60 {
			return nil, incomplete("X-Amz-Expires %q must be between 1 and 604800 seconds", s)
		}
		c.lifetime = time.Duration(seconds) * time.Second
	}
	return c, c.scope(query.Get("X-Amz-Credential"), query.Get("X-Amz-Date"))
}

func incomplete(format string, args ...any) *Error {
	e := Errorf("IncompleteSignature", format, args...)
	e.Status = 400
	return e
}

// scope reads AKID/20261231/region/service/aws4_request and the request's date.
func (c *claim) scope(credential, date string) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	c.accessKey, c.scopeDate, c.region, c.service = parts[0], parts[1], parts[2], parts[3]
	at, err := time.Parse(amzDate, date)
	if err != nil {
		return incomplete("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
	}
	c.at = at
	return nil
}

func mismatch(format string, args ...any) *Error {
	e := Errorf("SignatureDoesNotMatch", format, args...)
	e.Status = 403
	return e
}

// fresh checks the request's date against now.
func (c *claim) fresh(now time.Time) error {
	if day := c.at.Format("20060102"); day != c.scopeDate {
		return mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			c.scopeDate, day, c.at.Format(amzDate))
	}
	allowed := skew
	if c.presigned {
		allowed = c.lifetime
	}
	now = now.UTC()
	switch {
	case c.at.Before(now.Add(-allowed)):
		return mismatch("Signature expired: %s is now earlier than %s (%s - %.0f min.)",
			c.at.Format(amzDate), now.Add(-allowed).Format(amzDate), now.Format(amzDate), allowed.Minutes())
	case c.at.After(now.Add(skew)):
		return mismatch("Signature not yet current: %s is still later than %s (%s + %.0f min.)",
			c.at.Format(amzDate), now.Add(skew).Format(amzDate), now.Format(amzDate), skew.Minutes())
	}
	return nil
}

// mustBeSigned are headers that change what a request means: where one is
// there, the signature must cover it.
func mustBeSigned() []string { return []string{"host", "x-amz-target"} }

// neverSigned are headers that the SDK's signer leaves out, and so a request
// that signs them can't be checked with it.
func neverSigned() []string {
	return []string{"authorization", "user-agent", "x-amzn-trace-id", "expect", "transfer-encoding"}
}

func (c *claim) checkHeaders(r *http.Request) error {
	for _, name := range mustBeSigned() {
		if (name == "host" || r.Header.Get(name) != "") && !slices.Contains(c.headers, name) {
			return mismatch("'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
		}
	}
	for _, name := range neverSigned() {
		if slices.Contains(c.headers, name) {
			return NotModelled("signing the header %q", name)
		}
	}
	return nil
}

// verify signs the request again with the secret and compares.
func (c *claim) verify(ctx context.Context, signer *v4.Signer, r *http.Request, body []byte, secret string) error {
	if err := c.checkHeaders(r); err != nil {
		return err
	}
	credentials := aws.Credentials{AccessKeyID: c.accessKey, SecretAccessKey: secret}
	again, err := c.signAgain(ctx, signer, c.unsigned(r), payloadHash(r, body), credentials)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(again), []byte(c.signature)) != 1 {
		return mismatch("The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return nil
}

func payloadHash(r *http.Request, body []byte) string {
	if r.Header.Get("X-Amz-Content-Sha256") == unsignedPayload {
		return unsignedPayload
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// unsigned returns the request as it was before the client signed it: with the
// signed headers only, and without the parameters that presigning adds.
func (c *claim) unsigned(r *http.Request) *http.Request {
	u := *r.URL
	u.Scheme, u.Host = "http", r.Host
	before := &http.Request{Method: r.Method, URL: &u, Host: r.Host, Header: http.Header{}}
	for _, name := range c.headers {
		if values := r.Header.Values(name); len(values) > 0 {
			before.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	if slices.Contains(c.headers, "content-length") {
		before.ContentLength = r.ContentLength
	}
	if c.presigned {
		query := u.Query()
		query.Del("X-Amz-Signature")
		u.RawQuery = query.Encode()
	}
	return before
}

func (c *claim) signAgain(ctx context.Context, signer *v4.Signer, r *http.Request, hash string, credentials aws.Credentials) (string, error) {
	if c.presigned {
		signed, _, err := signer.PresignHTTP(ctx, credentials, r, hash, c.service, c.region, c.at)
		if err != nil {
			return "", err
		}
		u, err := url.Parse(signed)
		if err != nil {
			return "", err
		}
		return u.Query().Get("X-Amz-Signature"), nil
	}
	var options []func(*v4.SignerOptions)
	if c.service == "s3" {
		options = append(options, plainPath)
	}
	if err := signer.SignHTTP(ctx, credentials, r, hash, c.service, c.region, c.at, options...); err != nil {
		return "", err
	}
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	return signature, nil
}
