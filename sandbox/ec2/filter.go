package ec2

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"orgship/sandbox/id"
	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// fields are what filters can look at: filter name to the resource's values.
type fields[T any] map[string]func(T) []string

// filter keeps the resources that every filter lets through. A filter whose
// name isn't in known is refused by name, and "tag:…" matches nothing, since
// only resources with tags have a field for them.
func filter[T any](all []T, filters []Filter, known fields[T]) ([]T, error) {
	for _, f := range filters {
		name := value(f.Name)
		field, ok := known[name]
		if !ok && !strings.HasPrefix(name, "tag:") {
			return nil, wire.NotModelled("the filter %q here (it knows %s)", name, strings.Join(known.names(), ", "))
		}
		all = slices.DeleteFunc(all, func(t T) bool {
			return field == nil || !matchAny(f.Values, field(t))
		})
	}
	return all, nil
}

// tagged adds the fields that are about tags to known ones: tag-key, and each tag:KEY
// that filters name.
func tagged[T any](known fields[T], filters []Filter, tags func(T) []Tag) fields[T] {
	all := maps.Clone(known)
	all["tag-key"] = func(t T) []string { return tagKeys(tags(t)) }
	for _, f := range filters {
		if key, ok := strings.CutPrefix(value(f.Name), "tag:"); ok {
			all[*f.Name] = func(t T) []string { return tagValues(tags(t), key) }
		}
	}
	return all
}

func (f fields[T]) names() []string {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func matchAny(patterns, values []string) bool {
	for _, p := range patterns {
		for _, v := range values {
			if match(p, v) {
				return true
			}
		}
	}
	return false
}

// match compares as EC2's filters do: * is any run, ? is one character, and a
// backslash takes the next character as it is.
func match(pattern, value string) bool {
	// path.Match stops * at slashes and knows brackets: neither is EC2's.
	escape := strings.NewReplacer("[", `\[`, "/", "\x00")
	ok, err := path.Match(escape.Replace(pattern), strings.ReplaceAll(value, "/", "\x00"))
	return err == nil && ok
}

// listed says whether id is among ids, or ids is empty and so asks for all.
func listed(ids []string, id string) bool { return len(ids) == 0 || slices.Contains(ids, id) }

// paginate returns the page of all that token asks for and the next token; the place in
// the list tells its items.
func paginate[T any](list string, all []T, limit *int32, token *string) ([]T, *string, error) {
	some, next, err := page.List[T]{Name: list, Max: 1000, Endless: true}.Cut(all, limit, token)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, nil, wire.Errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value less than or equal to 1000.", *limit)
	case err != nil:
		return nil, nil, wire.Errorf("InvalidNextToken", "The token '%s' is invalid", *token)
	}
	return some, next, nil
}

// newID returns an id of EC2's shape: prefix, then 17 hex digits.
func newID(prefix string) string { return prefix + "-0" + id.Hex(16) }

func ptr[T any](v T) *T { return &v }

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
