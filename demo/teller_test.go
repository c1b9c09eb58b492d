package demo_test

import (
	"bytes"
	"testing"

	"orgship/demo"
)

// Lines go above the live view, which is drawn again below them.
func TestTellerKeepsTheLiveViewBelow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	story := demo.NewTeller(&out)
	story.Draw("a\nb\n")
	story.Line("said")
	story.Draw("c\n")
	story.Draw("c\n")
	story.Draw("")
	if want := "a\nb\n\x1b[2A\r\x1b[Jsaid\na\nb\n\x1b[2A\r\x1b[Jc\n\x1b[1A\r\x1b[J"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
