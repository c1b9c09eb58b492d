package elb

import (
	"strings"

	"orgship/sandbox/wire"
)

// The codes are those of the API reference, "Errors" of each operation; texts
// are AWS's where one is known.

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

// first returns the first of several errors, nil when there is none.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func required(member string) error { return invalid("A %s must be specified", member) }

func balancerNotFound(names ...string) error {
	return wire.Errorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", strings.Join(names, ", "))
}

func groupNotFound() error {
	return wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
}

func listenerNotFound() error {
	return wire.Errorf("ListenerNotFound", "One or more listeners not found")
}

func ruleNotFound() error {
	return wire.Errorf("RuleNotFound", "One or more rules not found")
}

func duplicateName(kind, name string) error {
	code := map[string]string{"load balancer": "DuplicateLoadBalancerName", "target group": "DuplicateTargetGroupName"}[kind]
	return wire.Errorf(code, "A %s with the same name '%s' exists, but with different settings", kind, name)
}

func notPermitted(format string, args ...any) error {
	return wire.Errorf("OperationNotPermitted", format, args...)
}

func priorityInUse(priority int32) error {
	return wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", priority)
}
