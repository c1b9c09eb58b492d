// Package page cuts lists into pages.
package page

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// The ways for a request to ask for no page at all; a service has its own words for each.
var (
	ErrSize  = errors.New("the size of the page is out of range")
	ErrToken = errors.New("no page has this token")
)

// List is a list that is told in pages.
type List[T any] struct {
	// Name tells its tokens from those of other lists.
	Name string
	// Key tells an item from all others; nil means its place in the list does.
	Key func(T) string
	Max int // the largest page, and the page when none is asked for, unless Usual is set
	// Usual is the page when no size is asked for; 0 means Max.
	Usual int
	// Endless says that a request which names no size gets all that is left.
	Endless bool
}

// Cut returns the page of items that a request asks for, and the token of the next
// one, nil where there is none. A token names the last item that was told, so that a
// list that changes meanwhile neither repeats nor skips what stays. Errors are
// ErrSize and ErrToken.
func (l List[T]) Cut(items []T, size *int32, token *string) ([]T, *string, error) {
	limit, err := l.limit(size, len(items))
	if err != nil {
		return nil, nil, err
	}
	start, err := l.start(items, token)
	if err != nil {
		return nil, nil, err
	}
	items = items[start:]
	if len(items) <= limit {
		return items, nil, nil
	}
	last := strconv.Itoa(start + limit)
	if l.Key != nil {
		last = l.Key(items[limit-1])
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(l.Name + "\n" + last))
	return items[:limit], &next, nil
}

func (l List[T]) limit(size *int32, all int) (int, error) {
	switch {
	case size != nil && (*size < 1 || int(*size) > l.Max):
		return 0, ErrSize
	case size != nil:
		return int(*size), nil
	case l.Endless:
		return max(1, all), nil
	case l.Usual > 0:
		return l.Usual, nil
	}
	return l.Max, nil
}

// start returns the index of the item after the one that a token names. Where that
// one is gone, the order of the keys says what follows, if there is one.
func (l List[T]) start(items []T, token *string) (int, error) {
	if token == nil {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return 0, ErrToken
	}
	last, ours := strings.CutPrefix(string(text), l.Name+"\n")
	if !ours {
		return 0, ErrToken
	}
	if l.Key == nil {
		return position(last, len(items))
	}
	if i := slices.IndexFunc(items, func(t T) bool { return l.Key(t) == last }); i >= 0 {
		return i + 1, nil
	}
	if !slices.IsSortedFunc(items, func(a, b T) int { return strings.Compare(l.Key(a), l.Key(b)) }) {
		return 0, ErrToken
	}
	if i := slices.IndexFunc(items, func(t T) bool { return l.Key(t) > last }); i >= 0 {
		return i, nil
	}
	return len(items), nil
}

func position(text string, length int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, ErrToken
	}
	return min(n, length), nil
}

// Each calls ask with the token of each page, nil for the first one, until there is
// no next one.
func Each(ask func(token *string) (next *string, err error)) error {
	var token *string
	for {
		next, err := ask(token)
		if err != nil || next == nil || *next == "" {
			return err
		}
		token = next
	}
}
