// Package access answers, before anything is deployed: may the accounts that
// will run an image pull it? It evaluates the repository's policy for each
// account's place in the organization and says which statement and condition
// decide.
package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"orgship/pipeline/report"
	"orgship/policy"
)

// API is what the package needs of *ecr.Client, with credentials of the
// account that owns the repository.
type API interface {
	GetRepositoryPolicy(context.Context, *ecr.GetRepositoryPolicyInput, ...func(*ecr.Options)) (*ecr.GetRepositoryPolicyOutput, error)
}

// Repository is whose policy is asked.
type Repository struct {
	Account string // that owns it, 12 digits
	Region  string
	Name    string
}

// ARN returns the repository's ARN.
func (r Repository) ARN() string {
	return "arn:aws:ecr:" + r.Region + ":" + r.Account + ":repository/" + r.Name
}

// Account is an account that wants to pull.
type Account struct {
	ID        string // 12 digits
	Name      string
	OrgPath   string // "o-…/r-…/ou-…/"; empty for an account outside any organization
	Suspended bool
}

// Question is what is asked of every account.
type Question struct {
	Repository Repository
	// Role is the role that pulls, as it is called in each account: the task
	// execution role, with its path if it has one ("app/Execution"). Empty: not
	// known, and what depends on it stays undecided.
	Role string
	// Actions that must be allowed; nil means PullActions.
	Actions []string
}

// PullActions are what a repository policy must allow for an image to be
// pulled: https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
// (ecr:GetAuthorizationToken is no matter of repository policies.)
func PullActions() []string {
	return []string{"ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"}
}

// ReadActions are PullActions and what it takes to look around as well.
func ReadActions() []string {
	return append(PullActions(), "ecr:DescribeImages", "ecr:DescribeRepositories")
}

// Check gets the policy of the repository and evaluates it for every account:
// about the role's own policies it says nothing. The decisions are ordered by account. It fails, with a Hint, when the policy
// can't be had or read.
func Check(ctx context.Context, api API, question Question, accounts []Account) ([]report.Access, error) {
	text, err := repositoryPolicy(ctx, api, question.Repository)
	if err != nil {
		return nil, fmt.Errorf("reading the policy of repository %q in account %s: %w", question.Repository.Name, question.Repository.Account, err)
	}
	return Evaluate(question, text, accounts)
}

// repositoryPolicy returns the policy's text, empty when none is set.
func repositoryPolicy(ctx context.Context, api API, r Repository) (string, error) {
	out, err := api.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RegistryId: &r.Account, RepositoryName: &r.Name})
	var none *types.RepositoryPolicyNotFoundException
	if errors.As(err, &none) {
		return "", nil
	}
	if err != nil {
		return "", explain(err, r)
	}
	return aws.ToString(out.PolicyText), nil
}

// Evaluate is Check for a policy that is at hand: a document in JSON, or ""
// for a repository without one.
func Evaluate(question Question, policyText string, accounts []Account) ([]report.Access, error) {
	var document *policy.Document
	if policyText != "" {
		var err error
		if document, err = policy.Parse([]byte(policyText)); err != nil {
			return nil, &hinted{fmt.Errorf("the policy of repository %q: %w", question.Repository.Name, err),
				"the check knows what IAM documents; correct the policy (aws ecr set-repository-policy), or leave the check out"}
		}
	}
	if question.Actions == nil {
		question.Actions = PullActions()
	}
	warning := question.open(document)
	decisions := make([]report.Access, 0, len(accounts))
	for _, a := range accounts {
		d := question.decide(a, document)
		d.Warning = warning
		if !d.Allowed {
			d.Hint = examined{question, a, policyText}.hint(d.Undecided)
		}
		decisions = append(decisions, report.CleanAll(d))
	}
	slices.SortStableFunc(decisions, func(a, b report.Access) int { return cmp.Compare(a.Account, b.Account) })
	return decisions, nil
}

// nobody is an account in no Organization, which no policy means.
const nobody = "000000000000"

// open warns of a policy that lets in an account that is in no Organization: of
// one without any condition on it, or with ForAllValues, which holds where the
// request has no such key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (q Question) open(document *policy.Document) string {
	d := q.decide(Account{ID: nobody}, document)
	if !d.Allowed {
		return ""
	}
	return fmt.Sprintf("%s lets in every AWS account, also those in no Organization: ask for aws:PrincipalOrgPaths with ForAnyValue, not ForAllValues", cmp.Or(d.Statement, "the policy"))
}

// decide asks for each action and answers with the first refusal.
func (q Question) decide(a Account, document *policy.Document) report.Access {
	d := report.Access{Account: a.ID, Name: a.Name, OrgPath: a.OrgPath, Suspended: a.Suspended}
	for i, action := range q.Actions {
		answer := policy.Evaluate(q.request(a, action, document))
		if answer.Allowed && i > 0 {
			continue
		}
		d.Allowed, d.Undecided, d.Action = answer.Allowed, answer.Undecided, action
		d.Statement, d.Condition, d.Reason = answer.Statement, answer.Condition, q.reason(answer, document)
		if !answer.Allowed {
			break
		}
	}
	return d
}

// reason says what policy says, but for the cases that it can't know of.
func (q Question) reason(answer policy.Decision, document *policy.Document) string {
	switch {
	case answer.Allowed && answer.Side == policy.Identity:
		return "it owns the repository: its own policies decide"
	case !answer.Allowed && document == nil:
		return "the repository has no policy, so that no other account may pull"
	case answer.Undecided && q.Role == "" && strings.Contains(answer.Reason, "aws:PrincipalArn"):
		return answer.Reason + "; it depends on the role that pulls, which was not named"
	}
	return answer.Reason
}

// request puts the question for one account. What an execution role's request
// surely has, or surely has not, is in the context; conditions on anything else
// stay undecided.
func (q Question) request(a Account, action string, document *policy.Document) policy.Request {
	keys := map[string][]string{
		"aws:PrincipalAccount":      {a.ID},
		"aws:PrincipalType":         {"AssumedRole"},
		"aws:PrincipalIsAWSService": {"false"},
		"aws:PrincipalServiceName":  nil,
		"aws:PrincipalOrgID":        nil,
		"aws:PrincipalOrgPaths":     nil,
		"aws:username":              nil,
		"aws:SourceArn":             nil,
		"aws:SourceAccount":         nil,
		"aws:ResourceAccount":       {q.Repository.Account},
		"aws:RequestedRegion":       {q.Repository.Region},
		"aws:SecureTransport":       {"true"},
	}
	if a.OrgPath != "" {
		organization, _, _ := strings.Cut(a.OrgPath, "/")
		keys["aws:PrincipalOrgID"], keys["aws:PrincipalOrgPaths"] = []string{organization}, []string{a.OrgPath}
	}
	who := policy.Principal{Account: a.ID, ARN: "arn:aws:iam::" + a.ID + ":role/*"}
	if q.Role != "" {
		name := q.Role[strings.LastIndex(q.Role, "/")+1:]
		who.RoleARN = "arn:aws:iam::" + a.ID + ":role/" + strings.TrimPrefix(q.Role, "/")
		who.ARN = "arn:aws:sts::" + a.ID + ":assumed-role/" + name + "/*"
		keys["aws:PrincipalArn"] = []string{who.RoleARN}
	}
	return policy.Request{
		Principal: who, Action: action, Resource: q.Repository.ARN(), Context: keys,
		Identity: []*policy.Document{policy.FullAccess()}, ResourcePolicy: document,
	}
}

// Refused returns the decisions that are no, in their order.
func Refused(decisions []report.Access) []report.Access {
	return slices.DeleteFunc(slices.Clone(decisions), func(d report.Access) bool { return d.Allowed })
}
