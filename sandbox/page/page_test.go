package page_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"orgship/sandbox/page"
)

func self(s string) string { return s }

func size(n int32) *int32 { return &n }

// told reads a whole list; between two pages, change may change it.
func told(t *testing.T, l page.List[string], items []string, n int32, change func([]string) []string) []string {
	t.Helper()
	var all []string
	err := page.Each(func(token *string) (*string, error) {
		some, next, err := l.Cut(items, &n, token)
		all = append(all, some...)
		if change != nil {
			items = change(items)
		}
		return next, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPages(t *testing.T) {
	t.Parallel()
	without := func(gone string) func([]string) []string {
		return func(items []string) []string {
			return slices.DeleteFunc(slices.Clone(items), func(s string) bool { return s == gone })
		}
	}
	for _, row := range []struct {
		name   string
		key    func(string) string
		items  string
		change func([]string) []string
		want   string
	}{
		{"by key", self, "a b c d e", nil, "a b c d e"},
		{"by place", nil, "b b a a a", nil, "b b a a a"},
		{"none", self, "", nil, ""},
		{"the last one told is gone", self, "a b c d e", without("b"), "a b c d e"},
		{"one told is gone", self, "a b c d e", without("a"), "a b c d e"},
		{"one to come is gone", self, "a b c d e", without("d"), "a b c e"},
		{"no order, one told is gone", self, "d c b a", without("d"), "d c b a"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := told(t, page.List[string]{Name: "L", Key: row.key, Max: 10}, strings.Fields(row.items), 2, row.change)
			if want := strings.Fields(row.want); !slices.Equal(got, want) {
				t.Errorf("told %v, want %v", got, want)
			}
		})
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	items := strings.Fields("a b c d e")
	for _, row := range []struct {
		name string
		list page.List[string]
		size *int32
		want int
	}{
		{"the largest when none is asked for", page.List[string]{Max: 3}, nil, 3},
		{"the usual one", page.List[string]{Max: 4, Usual: 2}, nil, 2},
		{"all that is left", page.List[string]{Max: 2, Endless: true}, nil, 5},
		{"as asked for", page.List[string]{Max: 3}, size(1), 1},
	} {
		got, _, err := row.list.Cut(items, row.size, nil)
		if err != nil || len(got) != row.want {
			t.Errorf("%s: %v, %v; want %d items", row.name, got, err, row.want)
		}
	}
	for _, n := range []int32{0, -1, 4} {
		if _, _, err := (page.List[string]{Max: 3}).Cut(items, &n, nil); !errors.Is(err, page.ErrSize) {
			t.Errorf("size %d: %v", n, err)
		}
	}
}

// TestTokens refuses the tokens that the list never gave out.
func TestTokens(t *testing.T) {
	t.Parallel()
	one, other := page.List[string]{Name: "one", Key: self, Max: 2}, page.List[string]{Name: "other", Max: 2}
	items := strings.Fields("c a b")
	_, foreign, _ := other.Cut(items, nil, nil)
	_, own, _ := one.Cut(items, nil, nil)
	for name, token := range map[string]*string{"another list's": foreign, "a word": &items[0], "nothing": new(string), "base64 of nothing": new("AAAA")} {
		if _, _, err := one.Cut(items, nil, token); !errors.Is(err, page.ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := one.Cut(strings.Fields("c b"), nil, own); !errors.Is(err, page.ErrToken) {
		t.Errorf("the place of an item that is gone from a list without order: %v", err)
	}
}
