package cloudformation

import (
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

func (s *Service) arn(ctx context.Context, resource string) string {
	return "arn:aws:cloudformation:" + s.cfg.Region + ":" + iam.Caller(ctx).Account + ":" + resource
}

var (
	stackName     = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)
	changeSetName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)
	changeSetARN  = regexp.MustCompile(`^arn:aws:cloudformation:[^:]+:\d{12}:changeSet/.+`)
)

// checkName refuses a stack name that CloudFormation doesn't take.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
func checkName(name string) error {
	if !stackName.MatchString(name) {
		return constraint(name, "stackName", "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
	}
	return nil
}

// notEmpty refuses a stack's name that is given and empty.
func notEmpty(name *string) error {
	if name != nil && *name == "" {
		return constraint("", "stackName", "Member must have length greater than or equal to 1")
	}
	return nil
}

// constraint refuses a member as AWS does before it looks at anything else.
func constraint(value, member, rule string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

// authorize asks for an action on a stack: by its id if there is one, else by
// the pattern that stands for any stack of the name.
func (s *Service) authorize(ctx context.Context, action, nameOrID string) error {
	return s.cfg.Auth.Authorize(ctx, "cloudformation:"+action, s.stackARN(ctx, nameOrID))
}

func (s *Service) stackARN(ctx context.Context, nameOrID string) string {
	if nameOrID == "" {
		return "*"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.find(ctx, nameOrID); st != nil {
		return st.id
	}
	return s.arn(ctx, "stack/"+nameOrID+"/*")
}

// running reports whether an operation works on the stack.
func running(status types.StackStatus) bool {
	switch status {
	case types.StackStatusCreateInProgress, types.StackStatusRollbackInProgress, types.StackStatusDeleteInProgress,
		types.StackStatusUpdateInProgress, types.StackStatusUpdateCompleteCleanupInProgress,
		types.StackStatusUpdateRollbackInProgress, types.StackStatusUpdateRollbackCompleteCleanupInProgress:
		return true
	}
	return false
}

// updatable refuses an update in a state that allows none.
func updatable(st *stack) error {
	switch st.status {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusUpdateRollbackComplete:
		return nil
	}
	return invalid("Stack:%s is in %s state and can not be updated.", st.id, st.status)
}
