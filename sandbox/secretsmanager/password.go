package secretsmanager

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The characters of passwords.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
const (
	lowercase   = "abcdefghijklmnopqrstuvwxyz"
	uppercase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numbers     = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

	usualLength   = 32
	longestLength = 4096
)

// GetRandomPassword makes a password.
func (s *Service) GetRandomPassword(ctx context.Context, in *GetRandomPasswordInput) (*GetRandomPasswordOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "secretsmanager:GetRandomPassword", "*"); err != nil {
		return nil, err
	}
	length := int64(usualLength)
	if in.PasswordLength != nil {
		length = *in.PasswordLength
	}
	kinds := in.kinds()
	needed := 0
	if in.RequireEachIncludedType == nil || *in.RequireEachIncludedType {
		needed = len(kinds)
	}
	switch {
	case len(kinds) == 0:
		return nil, invalid("You must include at least one type of character in the password.")
	case length < 1 || length > longestLength:
		return nil, invalid("Password length must be between 1 and 4096 characters.")
	case length < int64(needed):
		return nil, invalid("Password length is too short based on the required types.")
	}
	return &GetRandomPasswordOutput{RandomPassword: aws.String(password(kinds, needed, int(length)))}, nil
}

// kinds are the sets of characters that a password has, without the excluded ones.
func (in *GetRandomPasswordInput) kinds() []string {
	var kinds []string
	for _, k := range []struct {
		characters string
		out        bool
	}{
		{lowercase, aws.ToBool(in.ExcludeLowercase)}, {uppercase, aws.ToBool(in.ExcludeUppercase)}, {numbers, aws.ToBool(in.ExcludeNumbers)},
		{punctuation, aws.ToBool(in.ExcludePunctuation)}, {" ", !aws.ToBool(in.IncludeSpace)},
	} {
		left := strings.Map(func(r rune) rune {
			if strings.ContainsRune(aws.ToString(in.ExcludeCharacters), r) {
				return -1
			}
			return r
		}, k.characters)
		if !k.out && left != "" {
			kinds = append(kinds, left)
		}
	}
	return kinds
}

// password takes one character of each of the first kinds, the rest of all, and
// shuffles them.
func password(kinds []string, needed, length int) string {
	all := strings.Join(kinds, "")
	b := make([]byte, length)
	for i := range b {
		from := all
		if i < needed {
			from = kinds[i]
		}
		b[i] = from[below(len(from))]
	}
	for i := len(b) - 1; i > 0; i-- {
		j := below(i + 1)
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// below returns a number from 0 on, each as likely as any other.
func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic("secretsmanager: internal error: " + err.Error()) // can't happen: https://pkg.go.dev/crypto/rand#Read
	}
	return int(i.Int64())
}
