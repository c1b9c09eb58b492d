package account_test

import (
	"context"
	"sync/atomic"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// failTwice makes a client's first two attempts fail with a code.
func failTwice(calls *atomic.Int64, code string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("FailTwice",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				if calls.Add(1) <= 2 {
					return middleware.FinalizeOutput{}, middleware.Metadata{}, &smithy.GenericAPIError{Code: code, Message: "no"}
				}
				return next.HandleFinalize(ctx, in)
			}), "Retry", middleware.After)
	}
}
