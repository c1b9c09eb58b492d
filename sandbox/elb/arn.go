package elb

import (
	"context"
	"fmt"
	"strings"

	"orgship/sandbox/iam"
	"orgship/sandbox/id"
)

// newID returns 16 hexadecimal digits, as they end ARNs of load balancers,
// target groups, listeners and rules.
func newID() string { return id.Hex(16) }

// arn returns an ARN of the caller's account.
func (s *Service) arn(ctx context.Context, resource string) string {
	return fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:%s", s.cfg.Region, iam.Caller(ctx).Account, resource)
}

// child returns the ARN of a listener of a load balancer ("listener") or of a
// rule of a listener ("listener-rule"):
// …:loadbalancer/app/web/50dc… → …:listener/app/web/50dc…/f2f7….
func child(parent, kind string) string {
	prefix, path, _ := strings.Cut(resourceOf(parent), "/")
	base := strings.TrimSuffix(parent, prefix+"/"+path)
	return base + kind + "/" + path + "/" + newID()
}

// resourceOf returns what follows the account in an ARN.
func resourceOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[5]
}

// isARN reports whether arn names a resource of the kind ("targetgroup").
func isARN(arn, kind string) bool {
	return strings.HasPrefix(arn, "arn:aws:elasticloadbalancing:") && strings.HasPrefix(resourceOf(arn), kind+"/")
}
