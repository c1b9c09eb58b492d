// Package github stands for the OpenID Connect provider of GitHub Actions, which
// can't be reached from a sandbox: it issues tokens of the same shape, under the
// same name, signed with a key of its own.
//
// https://docs.github.com/en/actions/reference/security/oidc
package github

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orgship/sandbox/clock"
)

// Issuer is the provider's URL, the claim iss of its tokens.
const Issuer = "https://token.actions.githubusercontent.com"

// Lifetime is how long a token is valid that isn't asked to be otherwise.
const Lifetime = 5 * time.Minute

// Service issues tokens. It is safe for concurrent use.
type Service struct {
	clock        clock.Clock
	requestToken string
	keyID        string
	// key makes the key pair when it is first needed: many a sandbox never does.
	key func() (*rsa.PrivateKey, error)
}

// New returns a provider with a key and a request token of its own.
func New(c clock.Clock) *Service {
	return &Service{
		clock: c, requestToken: random(32), keyID: random(16),
		key: sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }),
	}
}

// random returns n random bytes in hexadecimal.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: https://pkg.go.dev/crypto/rand#Read
	return hex.EncodeToString(b)
}

// RequestToken is what a runner has in ACTIONS_ID_TOKEN_REQUEST_TOKEN.
func (s *Service) RequestToken() string { return s.requestToken }

// URL returns Issuer.
func (s *Service) URL() string { return Issuer }

// Key returns the key that verifies the tokens with that key id; nil for another id.
func (s *Service) Key(id string) *rsa.PublicKey {
	key, err := s.key()
	if id != s.keyID || err != nil {
		return nil
	}
	return &key.PublicKey
}

// sign makes a token of claims.
func (s *Service) sign(claims jwt.MapClaims) (string, error) {
	key, err := s.key()
	if err != nil {
		return "", fmt.Errorf("making the provider's key: %w", err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = s.keyID
	return token.SignedString(key)
}
