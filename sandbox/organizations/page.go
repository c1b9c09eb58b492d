package organizations

import (
	"errors"

	"orgship/sandbox/page"
)

// maxResults is the largest page, and the page when a request names no size.
const maxResults = 20

// cut returns a page of a list, whose items their place tells. A token belongs to the
// list it was given for.
func cut[T any](list string, items []T, size *int32, token *string) ([]T, *string, error) {
	some, next, err := page.List[T]{Name: list, Max: maxResults}.Cut(items, size, token)
	switch {
	case errors.Is(err, page.ErrSize) && *size < 1:
		return nil, nil, invalid("MIN_VALUE_EXCEEDED", "MaxResults")
	case errors.Is(err, page.ErrSize):
		return nil, nil, invalid("MAX_VALUE_EXCEEDED", "MaxResults")
	case err != nil:
		return nil, nil, invalid("INVALID_NEXT_TOKEN", "NextToken")
	}
	return some, next, nil
}

// below pages through the children of a parent and shows each.
func below[T any](s *Service, list, parent string, of func(node) bool, size *int32, token *string, as func(node) T) ([]T, *string, error) {
	all, err := s.children(parent)
	if err != nil {
		return nil, nil, err
	}
	var children []node
	for _, n := range all {
		if of(n) {
			children = append(children, n)
		}
	}
	children, next, err := cut(list+parent, children, size, token)
	if err != nil {
		return nil, nil, err
	}
	return show(children, as), next, nil
}

func show[T any](nodes []node, as func(node) T) []T {
	out := make([]T, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, as(n))
	}
	return out
}
