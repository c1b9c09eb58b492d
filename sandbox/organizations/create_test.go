package organizations_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// TestCreateAccount makes one, and fails with one whose address is taken.
func TestCreateAccount(t *testing.T) {
	t.Parallel()
	s, as := newWorld(t)
	ctx := as(management)
	create := func(caller, name, email string) (types.CreateAccountStatus, error) {
		out, err := s.CreateAccount(as(caller), &awsorg.CreateAccountInput{AccountName: &name, Email: &email})
		if err != nil {
			return types.CreateAccountStatus{}, err
		}
		if out.CreateAccountStatus.State != types.CreateAccountStateInProgress || out.CreateAccountStatus.AccountId != nil {
			t.Errorf("the answer is %+v", out.CreateAccountStatus)
		}
		status, err := s.DescribeCreateAccountStatus(ctx, &awsorg.DescribeCreateAccountStatusInput{CreateAccountRequestId: out.CreateAccountStatus.Id})
		if err != nil {
			t.Fatal(err)
		}
		return *status.CreateAccountStatus, nil
	}
	made, err := create(management, "dev-3", "dev-3@example.com")
	if err != nil || made.State != types.CreateAccountStateSucceeded {
		t.Fatalf("made %+v, %v", made, err)
	}
	parents, err := s.ListParents(ctx, &awsorg.ListParentsInput{ChildId: made.AccountId})
	if err != nil || *parents.Parents[0].Id != "r-sbox" {
		t.Errorf("it is in %+v, %v", parents, err)
	}
	if again, err := create(management, "dev-4", "DEV-3@example.com"); err != nil || again.FailureReason != types.CreateAccountFailureReasonEmailAlreadyExists || again.AccountId != nil {
		t.Errorf("with a taken address: %+v, %v", again, err)
	}
	for _, test := range []struct{ name, caller, account, email, want string }{
		{"no address", management, "dev-4", "dev-4", "InvalidInputException"},
		{"no name", management, "", "dev-4@example.com", "InvalidInputException"},
		{"a delegated administrator", "111111111111", "dev-4", "dev-4@example.com", "AccessDeniedException"},
	} {
		if _, err := create(test.caller, test.account, test.email); code(err) != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	for id, want := range map[string]string{"car-00000000": "CreateAccountStatusNotFoundException", "dev-3": "InvalidInputException"} {
		_, err := s.DescribeCreateAccountStatus(ctx, &awsorg.DescribeCreateAccountStatusInput{CreateAccountRequestId: aws.String(id)})
		if code(err) != want {
			t.Errorf("request %s: %v", id, err)
		}
	}
}
