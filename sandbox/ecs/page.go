package ecs

import (
	"encoding/base64"
	"slices"
)

// page returns the part of the sorted list that a request asks for, and the
// token for the next one. A token holds the last item that was told, so that a
// list that changes meanwhile neither repeats nor skips what stays.
func page(all []string, limit *int32, token *string) ([]string, *string, error) {
	size := 100
	if limit != nil {
		size = int(*limit)
	}
	if size < 1 || size > 100 {
		return nil, nil, invalid("maxResults must be between 1 and 100 inclusive.")
	}
	slices.Sort(all)
	if token != nil {
		after, err := base64.URLEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, invalid("Invalid token: %s", *token)
		}
		at, found := slices.BinarySearch(all, string(after))
		if found {
			at++
		}
		all = all[at:]
	}
	if len(all) <= size {
		return all, nil, nil
	}
	return all[:size], new(base64.URLEncoding.EncodeToString([]byte(all[size-1]))), nil
}
