package resource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"orgship/sandbox/wire"
)

// fill sets the fields of an API input from properties of the same names: the
// two differ in nothing else, and a property without a field is an error here
// rather than something silently lost.
func fill(input any, properties map[string]any) error {
	encoded, err := json.Marshal(properties)
	if err != nil {
		return fmt.Errorf("encoding properties: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(input); err != nil {
		return fmt.Errorf("filling %T: %w", input, err)
	}
	return nil
}

// without returns properties but for some.
func without(properties map[string]any, names ...string) map[string]any {
	rest := maps.Clone(properties)
	for _, n := range names {
		delete(rest, n)
	}
	return rest
}

// only returns some of the properties.
func only(properties map[string]any, names ...string) map[string]any {
	some := map[string]any{}
	for _, n := range names {
		if v, ok := properties[n]; ok {
			some[n] = v
		}
	}
	return some
}

// str returns a string property, "" when absent.
func str(properties map[string]any, name string) string {
	s, _ := properties[name].(string)
	return s
}

// changed reports whether one of the properties differs from the previous ones.
func (r *Request) changed(names ...string) bool {
	a, errA := json.Marshal(only(r.Properties, names...))
	b, errB := json.Marshal(only(r.Previous, names...))
	return errA != nil || errB != nil || !bytes.Equal(a, b)
}

// policy returns a policy document as JSON text, "" when absent.
func policy(properties map[string]any, name string) (string, error) {
	switch v := properties[name].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	default:
		encoded, err := json.Marshal(v)
		return string(encoded), err
	}
}

// tags returns the resource's tags, its own and the stack's, sorted by key.
// AWS adds tags of its own (aws:cloudformation:stack-name …); the sandbox doesn't.
func (r *Request) tags() [][2]string {
	all := maps.Clone(r.Tags)
	if all == nil {
		all = map[string]string{}
	}
	own, _ := r.Properties["Tags"].([]any)
	for _, t := range own {
		tag, _ := t.(map[string]any)
		all[str(tag, "Key")] = str(tag, "Value")
	}
	result := make([][2]string, 0, len(all))
	for _, key := range slices.Sorted(maps.Keys(all)) {
		result = append(result, [2]string{key, all[key]})
	}
	return result
}

// retagged returns the tags to set and the keys to remove for an update.
func (r *Request) retagged() (add [][2]string, remove []string) {
	before := (&Request{Properties: r.Previous, Tags: r.PreviousTags}).tags()
	now := r.tags()
	for _, t := range now {
		if !slices.Contains(before, t) {
			add = append(add, t)
		}
	}
	for _, t := range before {
		if !slices.ContainsFunc(now, func(n [2]string) bool { return n[0] == t[0] }) {
			remove = append(remove, t[0])
		}
	}
	return add, remove
}

// optional returns a string property, nil when absent.
func optional(properties map[string]any, name string) *string {
	if s, ok := properties[name].(string); ok {
		return &s
	}
	return nil
}

// notModelledUpdate refuses an update in place of a property.
func notModelledUpdate(property, of string) error {
	return wire.NotModelled("an update of the property %s of %s", property, of)
}
