package iam_test

import (
	"context"
	"testing"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
)

// BenchmarkAuthorize is what every request to the sandbox costs beside its
// signature.
func BenchmarkAuthorize(b *testing.B) {
	s := iam.New(iam.Config{Clock: clock.Clock{}, Organization: paths{dev: "o-test/r-1/ou-dev/"}})
	if err := s.AddUser(dev, "admin", "AKIA", "s", iam.AdministratorPolicy); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_, ctx, err := s.Secret(context.Background(), "AKIA", "")
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Authorize(ctx, "cloudformation:DescribeStacks", "arn:aws:cloudformation:eu-west-1:222222222222:stack/demo/*"); err != nil {
			b.Fatal(err)
		}
	}
}
