package ecr

import (
	"encoding/base64"

	"orgship/sandbox/wire"
)

// page cuts one page out of items, which are sorted by key: those after the
// token's key, at most max of them (1 to 1000, 100 when not given), and the
// token of the next page.
func page[T any](items []T, key func(T) string, max *int32, token *string) ([]T, *string, error) {
	n := 100
	if max != nil {
		n = int(*max)
	}
	if n < 1 || n > 1000 {
		return nil, nil, invalid("maxResults", "must be between 1 and 1000")
	}
	if token != nil {
		after, err := base64.RawURLEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, wire.Errorf("InvalidParameterException", "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'")
		}
		for len(items) > 0 && key(items[0]) <= string(after) {
			items = items[1:]
		}
	}
	if len(items) <= n {
		return items, nil, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(key(items[n-1])))
	return items[:n], &next, nil
}
