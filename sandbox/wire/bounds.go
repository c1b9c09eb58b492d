package wire

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// boundsError says that a member has a value which AWS's model of the operation
// doesn't allow.
type boundsError struct{ member, value, constraint string }

func (e boundsError) Error() string { return e.member + ": " + e.constraint }

// outside is how a service refuses such a value: in the words that its peers share.
// The value of a text isn't repeated: it may be a secret.
func (r *room) outside(e boundsError) *Error {
	value := ""
	if e.value != "" {
		value = fmt.Sprintf("'%s' ", e.value)
	}
	return Errorf(cmp.Or(r.Words.Outside, "ValidationError"), "1 validation error detected: Value %sat '%s' failed to satisfy constraint: %s",
		value, lowerFirst(e.member), e.constraint)
}

// bound checks the value of one input member.
type bound struct {
	field string
	check func(reflect.Value) (value, constraint string) // "" where all is well
}

// Range bounds the value of a number, both ends included.
func Range(member string, least, most int64) Member {
	return bounded(member, func(v reflect.Value) (string, string) {
		switch n := v.Int(); {
		case n < least:
			return strconv.FormatInt(n, 10), fmt.Sprintf("Member must have value greater than or equal to %d", least)
		case n > most:
			return strconv.FormatInt(n, 10), fmt.Sprintf("Member must have value less than or equal to %d", most)
		}
		return "", ""
	})
}

// Length bounds the length of a text, in characters, both ends included.
func Length(member string, least, most int) Member {
	return bounded(member, func(v reflect.Value) (string, string) {
		switch n := utf8.RuneCountInString(v.String()); {
		case n < least:
			return "", fmt.Sprintf("Member must have length greater than or equal to %d", least)
		case n > most:
			return "", fmt.Sprintf("Member must have length less than or equal to %d", most)
		}
		return "", ""
	})
}

// Pattern bounds a text to a regular expression, which has to match all of it.
func Pattern(member, pattern string) Member {
	whole := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return bounded(member, func(v reflect.Value) (string, string) {
		if whole.MatchString(v.String()) {
			return "", ""
		}
		return "", "Member must satisfy regular expression pattern: " + pattern
	})
}

// OneOf bounds a text to some values. Types of the SDK's know theirs.
func OneOf(member string, values ...string) Member {
	return bounded(member, func(v reflect.Value) (string, string) {
		if slices.Contains(values, v.String()) {
			return "", ""
		}
		return clip(v.String()), enumConstraint(values)
	})
}

func bounded(member string, check func(reflect.Value) (string, string)) Member {
	return func(o *Operation) { o.bounds = append(o.bounds, bound{member, check}) }
}

// check holds an input against the operation's bounds.
func (o *operation) check(v reflect.Value) error {
	for _, b := range o.bounds {
		m := o.in.member(b.field)
		f := v.Field(m.index)
		if m.pointer {
			f = f.Elem()
		}
		if !f.IsValid() || !m.pointer && f.IsZero() {
			continue
		}
		if value, constraint := b.check(f); constraint != "" {
			return boundsError{m.request, value, constraint}
		}
	}
	return nil
}

// values are those of an enumeration of the SDK's, nil for any other type.
func values(t reflect.Type) []string {
	method, ok := t.MethodByName("Values")
	if !ok || method.Type.NumIn() != 1 || method.Type.NumOut() != 1 || method.Type.Out(0) != reflect.SliceOf(t) {
		return nil
	}
	var names []string
	for _, v := range method.Func.Call([]reflect.Value{reflect.Zero(t)})[0].Seq2() {
		names = append(names, v.String())
	}
	return names
}

func enumConstraint(values []string) string {
	return "Member must satisfy enum value set: [" + strings.Join(values, ", ") + "]"
}

// clip shortens what is repeated to its sender.
func clip(text string) string {
	if len(text) <= 100 {
		return text
	}
	return text[:100] + "…"
}

// refusal turns what decoding found into the service's words.
func (x *exchange) refusal(err error) error {
	var unknown unknownMemberError
	var outside boundsError
	switch {
	case errors.As(err, &unknown):
		return x.refuse(unknown.path)
	case errors.As(err, &outside):
		return x.room.outside(outside)
	}
	return err
}
