package codebuild

import (
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// maxBatch is how many names one request asks about at most.
const maxBatch = 100

// cut returns the page of a list that a request asks for, and the token of the next
// one; the place in the list tells its items.
func cut[T any](list string, all []T, limit *int32, token *string) ([]T, *string, error) {
	l := page.List[T]{Name: list, Max: 100}
	all, next, err := l.Cut(all, limit, token)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, nil, invalid("Invalid maxResults: %d, must be between 1 and %d", *limit, l.Max)
	case err != nil:
		return nil, nil, invalid("Invalid next token")
	}
	return all, next, nil
}

// sorted turns a list that is in ascending order into the order asked for.
func sorted[T any](ascending []T, order, usual types.SortOrderType) ([]T, error) {
	if order == "" {
		order = usual
	}
	switch order {
	case types.SortOrderTypeAscending:
		return ascending, nil
	case types.SortOrderTypeDescending:
		slices.Reverse(ascending)
		return ascending, nil
	}
	return nil, invalid("Invalid sortOrder: %s", order)
}

// invalid is how CodeBuild answers what it can't read.
func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidInputException", format, args...)
}

// missing is how CodeBuild answers for what isn't there.
func missing(what, arn string) error {
	return wire.Errorf("ResourceNotFoundException", "%s cannot be found: %s", what, arn)
}
