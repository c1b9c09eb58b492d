package ecr

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"orgship/sandbox/iam"
)

// tokenLife is how long an authorization token is good for; it is real time,
// whatever the clock's speed: tokens are stamped with it.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html
const tokenLife = 12 * time.Hour

// GetAuthorizationToken returns a token for the registry: base64 of
// "AWS:password", good for twelve hours. It carries the caller's own rights, so
// that the registry answers its bearer as it would the caller.
func (s *Service) GetAuthorizationToken(ctx context.Context, in *ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecr:GetAuthorizationToken", "*"); err != nil {
		return nil, err
	}
	expires := s.cfg.Clock.Now().Add(tokenLife)
	password, err := s.sign(pass{Principal: iam.Caller(ctx), Expires: expires, Series: s.series.Load()})
	if err != nil {
		return nil, err
	}
	data := types.AuthorizationData{
		AuthorizationToken: aws.String(base64.StdEncoding.EncodeToString([]byte("AWS:" + password))),
		ExpiresAt:          aws.Time(expires),
		ProxyEndpoint:      aws.String("http://" + s.cfg.Endpoint()),
	}
	// One token is good for every registry; registryIds only says how many to return.
	out := &ecr.GetAuthorizationTokenOutput{AuthorizationData: []types.AuthorizationData{data}}
	for i := 1; i < len(in.RegistryIds); i++ { //nolint:staticcheck // deprecated, and still sent by clients
		out.AuthorizationData = append(out.AuthorizationData, data)
	}
	return out, nil
}

// ExpireTokens ends, at once, every authorization token handed out so far, as
// their twelve hours do: the registry answers 403 "Your authorization token has
// expired" to them. It is a fault on order for tests.
func (s *Service) ExpireTokens() { s.series.Add(1) }

// ForgetTokens makes every authorization token handed out so far unknown, as
// tokens of another region are: the registry answers 401 to them. It is a fault
// on order for tests.
func (s *Service) ForgetTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = newKey()
}

// pass is what a password says of its bearer. The service keeps no list of
// passwords: it signs them.
type pass struct {
	Principal iam.Principal `json:"principal"`
	Expires   time.Time     `json:"expiration"`
	Series    int64         `json:"series"` // those of an earlier series have expired
}

// newKey returns a key to sign passwords with.
func newKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never fails: it ends the program instead
	return key
}

func (s *Service) sign(p pass) (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	encoded := base64.RawURLEncoding.EncodeToString(text)
	return encoded + "." + base64.RawURLEncoding.EncodeToString(s.mac(encoded)), nil
}

func (s *Service) mac(text string) []byte {
	s.mu.Lock()
	m := hmac.New(sha256.New, s.key)
	s.mu.Unlock()
	m.Write([]byte(text))
	return m.Sum(nil)
}

var (
	errNoToken      = errors.New("no token of ours")
	errTokenExpired = errors.New("token expired")
)

// bearer returns who a password was given to: errNoToken when it is not one of
// ours, errTokenExpired when its time is over.
func (s *Service) bearer(username, password string) (iam.Principal, error) {
	encoded, signature, ok := strings.Cut(password, ".")
	mac, err := base64.RawURLEncoding.DecodeString(signature)
	if username != "AWS" || !ok || err != nil || !hmac.Equal(mac, s.mac(encoded)) {
		return iam.Principal{}, errNoToken
	}
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return iam.Principal{}, errNoToken
	}
	var p pass
	if err := json.Unmarshal(text, &p); err != nil {
		return iam.Principal{}, errNoToken
	}
	if p.Series != s.series.Load() || !s.cfg.Clock.Now().Before(p.Expires) {
		return iam.Principal{}, errTokenExpired
	}
	return p.Principal, nil
}
