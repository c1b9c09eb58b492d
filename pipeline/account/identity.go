package account

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Identity is who AWS says we are.
type Identity struct {
	Account string `json:"account"` // 12 digits
	ARN     string `json:"arn"`
}

// Who asks AWS who the credentials of cfg belong to.
func Who(ctx context.Context, cfg aws.Config) (Identity, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, fmt.Errorf("asking who the credentials belong to: %w", brief(err))
	}
	return Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn)}, nil
}

// Expect is Who for credentials that must be of a certain account; a
// *WrongAccountError says that they are not.
func Expect(ctx context.Context, cfg aws.Config, account string) (Identity, error) {
	got, err := Who(ctx, cfg)
	if err != nil {
		return Identity{}, err
	}
	if got.Account != account {
		return Identity{}, &WrongAccountError{Want: account, Got: got}
	}
	return got, nil
}

// WrongAccountError says that credentials are of another account than they
// should be.
type WrongAccountError struct {
	Want string // account
	Got  Identity
}

func (e *WrongAccountError) Error() string {
	return fmt.Sprintf("the credentials are of account %s (%s), not of account %s", e.Got.Account, e.Got.ARN, e.Want)
}

// Hint says what to do.
func (e *WrongAccountError) Hint() string {
	return fmt.Sprintf("hand over credentials of account %s, or of an account that may assume a role there (%s)",
		e.Want, RoleARN(e.Want, OrganizationRole))
}
