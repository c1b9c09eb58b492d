package iam

import "context"

type sourceKey struct{}

// ForResource returns a context in which an AWS service acts for a resource of
// its own, such as a build project: the value of aws:SourceArn when it assumes
// a role (ServiceSession).
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func ForResource(ctx context.Context, arn string) context.Context {
	return context.WithValue(ctx, sourceKey{}, arn)
}

// sourceOf returns the resource that a service acts for, "" when it isn't told.
func sourceOf(ctx context.Context) string {
	arn, _ := ctx.Value(sourceKey{}).(string)
	return arn
}
