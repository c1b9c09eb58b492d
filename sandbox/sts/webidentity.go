package sts

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/golang-jwt/jwt/v5"

	"orgship/policy"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// AssumeRoleWithWebIdentity answers whoever has a token of an OpenID Connect
// provider with temporary credentials of a role that trusts it. The request isn't
// signed: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	var f form
	f.role(in.RoleArn, in.RoleSessionName, in.DurationSeconds)
	if n := len(aws.ToString(in.WebIdentityToken)); n < 4 || n > 20_000 {
		f.fault("webIdentityToken", "***", "Member must have length between 4 and 20000")
	}
	if err := f.err(in.RoleArn); err != nil {
		return nil, err
	}
	account := policy.AccountOf(*in.RoleArn)
	who, err := s.verify(account, *in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	session, err := s.sessions.NewWebSession(ctx, sessionRequest(in.RoleArn, in.RoleSessionName, in.DurationSeconds), who)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleWithWebIdentityOutput{
		AssumedRoleUser: assumed(session), Credentials: credentials(session),
		Audience:                    aws.String(who.Claims["aud"]),
		Provider:                    aws.String(iam.ProviderARN(account, who.Issuer)),
		SubjectFromWebIdentityToken: aws.String(who.Claims["sub"]),
	}, nil
}

// leeway is how long after its expiry a token is taken, for clocks that differ:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
const leeway = 5 * time.Minute

// verify checks a token for an account: who issued it, that it is neither too old
// nor tampered with, and that it is meant for one of the provider's audiences. No
// error shows the token.
func (s *Service) verify(account, token string) (iam.WebIdentity, error) {
	claims := jwt.MapClaims{}
	var audiences []string
	_, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		issuer, _ := claims["iss"].(string)
		var found bool
		if audiences, found = s.sessions.Audiences(account, issuer); !found {
			return nil, invalidToken("No OpenIDConnect provider found in your account for " + issuer)
		}
		return s.key(issuer, t.Header["kid"])
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(s.clock.Now))
	if err != nil {
		return iam.WebIdentity{}, s.refusal(claims, err)
	}
	who, err := identity(claims)
	if err != nil {
		return iam.WebIdentity{}, err
	}
	if !slices.Contains(audiences, who.Claims["aud"]) {
		return iam.WebIdentity{}, invalidToken("Incorrect token audience")
	}
	return who, nil
}

// key finds the key that a token says it is signed with.
func (s *Service) key(issuer string, id any) (any, error) {
	if s.issuer == nil || issuer != s.issuer.URL() {
		return nil, wire.NotModelled("tokens of the OpenID Connect provider %s", issuer)
	}
	name, _ := id.(string)
	key := s.issuer.Key(name)
	if key == nil {
		return nil, invalidToken("Couldn't retrieve verification key from your identity provider,  " +
			"please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	return key, nil
}

// refusal says what is wrong with a token in AWS's words.
func (s *Service) refusal(claims jwt.MapClaims, err error) error {
	var known *wire.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, jwt.ErrTokenMalformed):
		return invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return invalidToken("Missing a required claim: exp")
	case errors.Is(err, jwt.ErrTokenExpired):
		expires, _ := claims.GetExpirationTime() // there is one: it is over
		return wire.Errorf("ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d",
			s.clock.Now().Unix(), expires.Unix())
	}
	// Assumption A104: what a wrong signature, another algorithm than RS256 and a token
	// that isn't valid yet are answered with is what the reference says of the error.
	return invalidToken("The web identity token that was passed could not be validated by Amazon Web Services. " +
		"Get a new identity token from the identity provider and then retry the request.")
}

func invalidToken(message string) error {
	return &wire.Error{Code: "InvalidIdentityToken", Message: message, Status: http.StatusBadRequest}
}

// identity reads the claims that are text, all that GitHub's tokens have but times.
func identity(claims jwt.MapClaims) (iam.WebIdentity, error) {
	who := iam.WebIdentity{Claims: map[string]string{}}
	for name, value := range claims {
		if text, ok := value.(string); ok {
			who.Claims[name] = text
		}
	}
	who.Issuer = who.Claims["iss"]
	if _, several := claims["aud"].([]any); several {
		return who, wire.NotModelled("a token with a list of audiences")
	}
	for _, name := range []string{"aud", "sub"} {
		if who.Claims[name] == "" {
			return who, invalidToken("Missing a required claim: " + name)
		}
	}
	return who, nil
}
