package codebuild

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/wire"
)

// maxPage is what one answer lists at most.
const maxPage = 100

// page returns the part of a list that a request asks for, and the token for
// the next one.
func page[T any](all []T, limit *int32, token *string) ([]T, *string, error) {
	size, start := maxPage, 0
	if limit != nil {
		size = int(*limit)
	}
	if size < 1 || size > maxPage {
		return nil, nil, invalid("Invalid maxResults: %d, must be between 1 and %d", size, maxPage)
	}
	if token != nil {
		n, err := strconv.Atoi(*token)
		if err != nil || n < 0 || n > len(all) {
			return nil, nil, invalid("Invalid next token")
		}
		start = n
	}
	if end := start + size; end < len(all) {
		return all[start:end], new(strconv.Itoa(end)), nil
	}
	return all[start:], nil, nil
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
