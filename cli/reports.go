package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"orgship/pipeline/report"
)

// reports are the flags that say which files a report is written to.
type reports struct {
	Report   string `placeholder:"FILE" help:"Write the report as JSON to this file too, whatever the verdict."`
	Markdown string `placeholder:"FILE" help:"Write the report as Markdown to this file too, for a pull request or a job's summary."`
}

// write writes the files that were asked for, and returns the verdict: what can't
// be written doesn't hide it, and is an error if there is no other.
func (r *reports) write(p *running, document []byte, markdown string, verdict error) error {
	for _, file := range []struct {
		name    string
		content []byte
	}{{r.Report, document}, {r.Markdown, []byte(markdown)}} {
		switch err := writeFile(file.name, file.content); {
		case err == nil:
		case verdict == nil:
			verdict = err
		default:
			complain(p.Stderr, err, "")
		}
	}
	return verdict
}

// writeFile writes a report; without a name there is nothing to do.
func writeFile(name string, content []byte) error {
	if name == "" {
		return nil
	}
	err := os.WriteFile(kong.ExpandPath(name), content, 0o644) //nolint:gosec // a report is for others to read
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// encode renders a result as JSON, indented and with a final newline.
func encode(result any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(result); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return b.Bytes(), nil
}

// page is what a verb that makes no [report.Report] says in Markdown: the
// verdict, a sentence, a hint if there is one, and tables.
func page(verb string, verdict report.Verdict, sentence, hint string, tables ...[][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## orgship %s: %s\n\n%s\n", verb, verdict, report.Escape(sentence))
	if hint != "" {
		fmt.Fprintf(&b, "\nHint: %s\n", report.Escape(hint))
	}
	for _, rows := range tables {
		b.WriteString("\n" + table(rows))
	}
	return b.String()
}

// table renders rows, the first of which is the head, as a table in Markdown.
func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		for _, cell := range row {
			b.WriteString("| " + report.Escape(cell) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}
