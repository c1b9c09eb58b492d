package report

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds every text that comes from outside.
const maxText = 2000

// Clean makes a text from outside safe to show on one line: control characters
// (terminal escapes, line breaks that could start a workflow command) and
// broken UTF-8 become spaces, runs of space one, and a long text is cut. The
// older form of a workflow command, ##[error], GitHub's runner finds anywhere in
// a line, so that is taken apart.
// https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
func Clean(text string) string {
	return strings.ReplaceAll(oneLine(text), "##[", "## [")
}

func oneLine(text string) string {
	var b strings.Builder
	space := false
	for _, r := range text {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
		if b.Len() > maxText {
			b.WriteString("…")
			break
		}
	}
	return b.String()
}

// CleanURL takes a password out of a URL, and the values of its query, which
// may be signatures.
func CleanURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	query := u.Query()
	for key := range query {
		query.Set(key, "…")
	}
	u.RawQuery = strings.ReplaceAll(query.Encode(), "%E2%80%A6", "…")
	return Clean(u.String())
}

// Quote quotes text, cut to n characters.
func Quote(text string, n int) string { return strconv.Quote(Cut(text, n)) }

// Cut shortens text to n characters.
func Cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	if n < 1 {
		return ""
	}
	return string([]rune(text)[:n-1]) + "…"
}
