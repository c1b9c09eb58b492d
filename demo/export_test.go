package demo

import (
	"io"

	"orgship/pipeline/report/render"
)

// Teller lets tests draw a live view when they want it.
type Teller struct{ t *teller }

// NewTeller returns a teller that writes to w.
func NewTeller(w io.Writer) Teller { return Teller{newTeller(w, render.View{})} }

// Line writes a line.
func (t Teller) Line(text string) { t.t.line(text) }

// Draw shows a live view.
func (t Teller) Draw(footer string) { t.t.draw(footer) }
