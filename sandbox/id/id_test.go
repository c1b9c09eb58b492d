package id_test

import (
	"regexp"
	"testing"

	"orgship/sandbox/id"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		id.UUID():             `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		id.Hex(17):            `^[0-9a-f]{17}$`,
		id.Of(id.Digits, 19):  `^[0-9]{19}$`,
		id.Of(id.Capitals, 9): `^[A-Z0-9]{9}$`,
		id.Of(id.Base32, 16):  `^[A-Z2-7]{16}$`,
	} {
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%q isn't %s", got, want)
		}
	}
	if first, second := id.UUID(), id.UUID(); first == second {
		t.Error("twice the same")
	}
}
