package organizations

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// maxResults is the largest page, and the page when a request names no size.
const maxResults = 20

// page cuts a page out of a list. A token belongs to the list it was given for.
func page[T any](list string, items []T, size *int32, token *string) ([]T, *string, error) {
	limit := maxResults
	if size != nil {
		limit = int(*size)
	}
	switch {
	case limit < 1:
		return nil, nil, invalid("MIN_VALUE_EXCEEDED", "MaxResults")
	case limit > maxResults:
		return nil, nil, invalid("MAX_VALUE_EXCEEDED", "MaxResults")
	}
	start, err := readToken(list, token, len(items))
	if err != nil {
		return nil, nil, err
	}
	if end := start + limit; end < len(items) {
		next := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s %d", list, end))
		return items[start:end], &next, nil
	}
	return items[start:], nil, nil
}

// readToken returns where the page begins.
func readToken(list string, token *string, length int) (int, error) {
	if token == nil {
		return 0, nil
	}
	fault := invalid("INVALID_NEXT_TOKEN", "NextToken")
	text, err := base64.StdEncoding.DecodeString(*token)
	if err != nil {
		return 0, fault
	}
	number, found := strings.CutPrefix(string(text), list+" ")
	start, err := strconv.Atoi(number)
	if !found || err != nil || start < 0 || start > length {
		return 0, fault
	}
	return start, nil
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
	children, next, err := page(list+parent, children, size, token)
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
