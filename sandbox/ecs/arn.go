package ecs

import (
	"context"
	"fmt"
	"strings"

	"orgship/sandbox/iam"
	"orgship/sandbox/id"
)

// arn returns an ARN of this region: kind "cluster", path "web".
func (s *Service) arn(account, kind, path string) string {
	return fmt.Sprintf("arn:aws:ecs:%s:%s:%s/%s", s.cfg.Region, account, kind, path)
}

// name returns the path that a reference names, given as it is or as the ARN of
// something of that kind in the caller's account; "" for any other ARN.
func (s *Service) name(ctx context.Context, kind, ref string) string {
	if !strings.HasPrefix(ref, "arn:") {
		return ref
	}
	path, ok := strings.CutPrefix(ref, s.arn(iam.Caller(ctx).Account, kind, ""))
	if !ok {
		return ""
	}
	return path
}

// resource splits an ARN of the caller's account into "cluster" and "web".
func (s *Service) resource(ctx context.Context, arn string) (kind, path string) {
	own, ok := strings.CutPrefix(arn, strings.TrimSuffix(s.arn(iam.Caller(ctx).Account, "", ""), "/"))
	if !ok {
		return "", ""
	}
	kind, path, _ = strings.Cut(own, "/")
	return kind, path
}

// last is the last part of a path: an ARN names a service with its cluster
// (service/web/app), and an older one without.
func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// taskSetID is the id in a reference to a task set: ecs-svc/1234567890123456789.
func taskSetID(ref string) string {
	if !strings.HasPrefix(ref, "arn:") {
		return ref
	}
	return "ecs-svc/" + last(ref)
}

// newTaskSetID returns an id as ECS gives them to task sets and deployments: 19 digits.
func newTaskSetID() string { return "ecs-svc/" + id.Of(id.Digits, 19) }
