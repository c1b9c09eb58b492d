package ecs

import (
	"errors"
	"slices"

	"orgship/sandbox/page"
)

// cut returns the page of a list of ARNs or names that a request asks for, and the
// token of the next one.
func cut(list string, all []string, limit *int32, token *string) ([]string, *string, error) {
	slices.Sort(all)
	l := page.List[string]{Name: list, Key: func(s string) string { return s }, Max: 100}
	all, next, err := l.Cut(all, limit, token)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, nil, invalid("maxResults must be between 1 and 100 inclusive.")
	case err != nil:
		return nil, nil, invalid("Invalid token: %s", *token)
	}
	return all, next, nil
}
