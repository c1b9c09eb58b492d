package release

import (
	"context"
	"fmt"

	"orgship/pipeline/access"
	"orgship/pipeline/account"
	"orgship/template"
)

// mayRolePull refuses a template whose execution role surely can't pull the image:
// its tasks would fail after minutes. What can't be told is left to them.
func (w *run) mayRolePull(ctx context.Context) error {
	if w.cfg.Repository == nil {
		return nil
	}
	t, err := template.Parse(w.proposal.request.Template)
	if err != nil {
		return err
	}
	r := t.PullRole(w.parameters())
	if r.Needed {
		return &PullRoleError{}
	}
	role := access.Role{Name: r.Resource, Managed: r.Managed, Documents: r.Documents}
	switch {
	case r.ARN != "" && w.cfg.Role != nil:
		if role, err = w.cfg.Role(ctx, r.ARN); account.Expired(err) || ctx.Err() != nil {
			return err
		} else if err != nil {
			return nil // its policies may not be read
		}
	case !r.Whole:
		return nil
	}
	repository, err := w.cfg.Repository(w.proposal.image.Reference)
	if err != nil {
		return nil
	}
	if action := role.Lacks(repository, w.cfg.Account.ID); action != "" {
		return &PullRoleError{Role: role.Name, Action: action, Here: r.Resource != ""}
	}
	return nil
}

// PullRoleError says that the role which pulls the image may not.
type PullRoleError struct {
	Role   string // its logical id or its name; "": there is none
	Action string // that it lacks
	Here   bool   // the template makes it
}

func (e *PullRoleError) Error() string {
	if e.Role == "" {
		return "the task definition has no ExecutionRoleArn: Fargate can't pull an image from ECR without"
	}
	return fmt.Sprintf("the execution role %s may not %s: its tasks could not pull the image", e.Role, e.Action)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *PullRoleError) Refusal() bool { return true }

const pullPolicy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"

// Hint says what to do about it.
func (e *PullRoleError) Hint() string {
	switch {
	case e.Role == "":
		return "add a role that ecs-tasks.amazonaws.com may assume, with the policy " + pullPolicy
	case e.Here:
		return "in the template: ManagedPolicyArns: [" + pullPolicy + "]"
	}
	return "aws iam attach-role-policy --role-name " + e.Role + " --policy-arn " + pullPolicy
}
