package ecr

import (
	"errors"

	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// cut returns one page of items, which are sorted by key: at most max of them (1 to
// 1000, 100 when not given), and the token of the next page.
func cut[T any](list string, items []T, key func(T) string, max *int32, token *string) ([]T, *string, error) {
	return cutUpTo(list, items, key, 1000, 100, max, token)
}

// cutUpTo is cut with other bounds.
func cutUpTo[T any](list string, items []T, key func(T) string, most, usual int, max *int32, token *string) ([]T, *string, error) {
	items, next, err := page.List[T]{Name: list, Key: key, Max: most, Usual: usual}.Cut(items, max, token)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, nil, invalid("maxResults", "must be between 1 and %d", most)
	case err != nil:
		return nil, nil, wire.Errorf("InvalidParameterException", "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'")
	}
	return items, next, nil
}
